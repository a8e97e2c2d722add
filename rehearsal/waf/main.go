// Command waf judges HTTP requests by the OWASP core rule set and directives of ours.
//
// It takes the path of a file of directives, which may include the rule set, and reads one request a line as JSON from
// standard input; it answers one verdict a line on standard output.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
)

const longestLine = 16 << 20

type request struct {
	Method  string      `json:"method"`
	Target  string      `json:"target"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"` // base64
}

type verdict struct {
	Blocked bool  `json:"blocked"`
	Status  int   `json:"status"`
	Rules   []int `json:"rules"` // those that matched and scored, in order
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("usage: waf DIRECTIVES <requests >verdicts")
	}
	directives, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	engine, err := coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(coreruleset.FS).WithDirectives(string(directives)))
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 1<<20), longestLine)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		found, err := judge(engine, asked)
		if err != nil {
			return err
		}
		if err := answers.Encode(found); err != nil {
			return err
		}
	}
	return lines.Err()
}

func judge(engine coraza.WAF, asked request) (verdict, error) {
	body, err := base64.StdEncoding.DecodeString(asked.Body)
	if err != nil {
		return verdict{}, err
	}
	tx := engine.NewTransaction()
	defer func() {
		tx.ProcessLogging()
		_ = tx.Close()
	}()
	stopped, err := phases(tx, asked, body)
	if err != nil {
		return verdict{}, err
	}
	found := verdict{Rules: []int{}}
	if stopped != nil {
		found.Blocked, found.Status = true, stopped.Status
	}
	for _, matched := range tx.MatchedRules() {
		if matched.Message() != "" {
			found.Rules = append(found.Rules, matched.Rule().ID())
		}
	}
	return found, nil
}

func phases(tx types.Transaction, asked request, body []byte) (*types.Interruption, error) {
	tx.ProcessConnection("192.0.2.1", 50000, "192.0.2.2", 443)
	tx.ProcessURI(asked.Target, asked.Method, "HTTP/1.1")
	for _, header := range asked.Headers {
		tx.AddRequestHeader(header[0], header[1])
	}
	if stopped := tx.ProcessRequestHeaders(); stopped != nil {
		return stopped, nil
	}
	if stopped, _, err := tx.WriteRequestBody(body); stopped != nil || err != nil {
		return stopped, err
	}
	return tx.ProcessRequestBody()
}

//go:build ignore

// Translates Kubernetes objects as Envoy Gateway's own controller does, without a cluster.
//
// It is compiled inside Envoy Gateway's module, whose translators are internal to it. `egctl x translate` is not used:
// it sends every request to a Service's cluster address, knows no EndpointSlice and prints no certificate.
//
// Standard input holds one JSON string a line, the objects as a YAML stream; standard output one JSON object a line:
// `objects` with the status of each, `patches` with that of each EnvoyPatchPolicy, `xds` by type, or `error`.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/envoyproxy/gateway/api/v1alpha1/validation"
	"github.com/envoyproxy/gateway/internal/gatewayapi"
	"github.com/envoyproxy/gateway/internal/gatewayapi/resource"
	"github.com/envoyproxy/gateway/internal/ir"
	"github.com/envoyproxy/gateway/internal/logging"
	"github.com/envoyproxy/gateway/internal/xds/translator"
	"github.com/envoyproxy/gateway/internal/xds/types"
)

// controllerNamespace is where Envoy Gateway keeps a certificate of its own, without which nothing is translated.
const controllerNamespace = "envoy-gateway-system"

type answer struct {
	Error   string                       `json:"error,omitempty"`
	Objects *resource.Resources          `json:"objects,omitempty"`
	Patches []*ir.EnvoyPatchPolicyStatus `json:"patches,omitempty"`
	Xds     map[string][]json.RawMessage `json:"xds,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var given string
		made := &answer{}
		err := json.Unmarshal(lines.Bytes(), &given)
		if err == nil {
			made, err = translate([]byte(given))
		}
		if err != nil {
			made = &answer{Error: err.Error()}
		}
		if err := out.Encode(made); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func translate(given []byte) (*answer, error) {
	objects, err := load(given)
	if err != nil {
		return nil, err
	}
	quiet := logging.DefaultLogger(io.Discard, egv1a1.LogLevelInfo)
	toIR := &gatewayapi.Translator{
		GatewayControllerName:   string(objects.GatewayClass.Spec.ControllerName),
		GatewayClassName:        gwapiv1.ObjectName(objects.GatewayClass.Name),
		ControllerNamespace:     controllerNamespace,
		EnvoyPatchPolicyEnabled: true,
		Logger:                  quiet,
	}
	made, err := toIR.Translate(objects)
	if err != nil {
		return nil, fmt.Errorf("translating to Envoy Gateway's own form: %w", err)
	}
	result := &answer{Objects: &made.Resources, Xds: map[string][]json.RawMessage{}}
	for _, one := range made.XdsIR {
		toXds := &translator.Translator{FilterOrder: one.FilterOrder, Logger: quiet}
		table, err := toXds.Translate(one)
		if err != nil {
			return nil, fmt.Errorf("translating to Envoy's configuration: %w", err)
		}
		result.Patches = append(result.Patches, table.EnvoyPatchPolicyStatuses...)
		if err := add(result.Xds, table); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// checked holds objects whose schemas were checked, by their text: the check takes a second, and most runs change none.
var checked = map[string]*resource.Resources{}

// load checks and reads the objects, with EndpointSlices, which Envoy Gateway's own loader of files passes over.
func load(given []byte) (*resource.Resources, error) {
	apart, cluster, slices, err := parted(given)
	if err != nil {
		return nil, err
	}
	if checked[string(apart)] == nil {
		known, err := resource.LoadResourcesFromYAMLBytes(apart, false, nil)
		if err != nil {
			return nil, err
		}
		if known.GatewayClass == nil {
			return nil, fmt.Errorf("there is no GatewayClass among the objects")
		}
		if proxy := known.EnvoyProxyForGatewayClass; proxy != nil {
			if err := validation.ValidateEnvoyProxy(proxy); err != nil {
				return nil, fmt.Errorf("EnvoyProxy %s: %w", proxy.Name, err)
			}
		}
		checked[string(apart)] = known
	}
	// A translation writes each object's status.
	objects := checked[string(apart)].DeepCopy()
	core, err := resource.LoadResourcesFromYAMLBytes(cluster, false, nil)
	if err != nil {
		return nil, err
	}
	objects.Services, objects.ConfigMaps = core.Services, core.ConfigMaps
	objects.Secrets = append(core.Secrets, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: controllerNamespace, Name: "envoy"},
	})
	objects.EndpointSlices = slices
	return objects, nil
}

// parted parts the objects of Envoy's APIs from those that any cluster has.
func parted(given []byte) (apart, cluster []byte, slices []*discoveryv1.EndpointSlice, err error) {
	err = resource.IterYAMLBytes(given, func(text []byte) error {
		kind := &metav1.TypeMeta{}
		if err := yaml.Unmarshal(text, kind); err != nil {
			return err
		}
		switch kind.Kind {
		case "EndpointSlice":
			slice := &discoveryv1.EndpointSlice{}
			if err := yaml.Unmarshal(text, slice); err != nil {
				return err
			}
			slices = append(slices, slice)
		case "Secret", "ConfigMap", "Service":
			cluster = append(append(cluster, text...), "\n---\n"...)
		default:
			apart = append(append(apart, text...), "\n---\n"...)
		}
		return nil
	})
	return apart, cluster, slices, err
}

func add(to map[string][]json.RawMessage, table *types.ResourceVersionTable) error {
	for kind, resources := range table.XdsResources {
		for _, one := range resources {
			text, err := protojson.Marshal(one)
			if err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
			to[kind] = append(to[kind], text)
		}
	}
	return nil
}

//go:build tools

// Package engine pins the modules that the engine is built from; it holds no code of its own.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

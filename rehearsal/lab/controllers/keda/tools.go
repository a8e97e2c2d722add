//go:build tools

// Package keda pins the KEDA operator and its metrics adapter; it holds no code of its own.
package keda

import (
	_ "github.com/kedacore/keda/v2/cmd/adapter"
	_ "github.com/kedacore/keda/v2/cmd/operator"
)

//go:build tools

// Package lws pins the LeaderWorkerSet controller; it holds no code of its own.
package lws

import _ "sigs.k8s.io/lws/cmd"

module meridian/gateway

go 1.26.5

require github.com/envoyproxy/gateway v1.8.3

package otlp

import (
	"testing"
	"time"

	"google.golang.org/grpc/keepalive"
)

// What gRPC does with them takes ten seconds at least; that they reach it is seen here.
func TestKeepAliveReachesTheConnection(t *testing.T) {
	got := KeepAlive{Time: 11 * time.Second, Timeout: 21 * time.Second, PermitWithoutStream: true}.parameters()
	if want := (keepalive.ClientParameters{Time: 11 * time.Second, Timeout: 21 * time.Second, PermitWithoutStream: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

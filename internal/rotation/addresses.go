package rotation

import (
	"context"
	"fmt"
	"net"
	"slices"
)

// Addresses are replicas of the gateway that are known by their addresses.
type Addresses []Address

// Address is one of them.
type Address struct {
	Name string
	Host string // HOST:PORT, where it speaks plain HTTP
}

// List implements Replicas.
func (a Addresses) List(context.Context) (all []Replica, _ error) {
	for _, one := range a {
		all = append(all, Replica{Name: one.Name})
	}
	return all, nil
}

// Dial implements Replicas.
func (a Addresses) Dial(ctx context.Context, name string) (net.Conn, error) {
	n := slices.IndexFunc(a, func(one Address) bool { return one.Name == name })
	if n < 0 {
		return nil, fmt.Errorf("dial replica %s: there is none of that name", name)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", a[n].Host)
}

//go:build aws

package dynamodb_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// units are DynamoDB's request units: a read unit is 4 KB read consistently, or 8 KB eventually; a write unit is 1 KB.
type units struct{ read, write float64 }

func (u units) plus(v units) units { return units{u.read + v.read, u.write + v.write} }

// meter asks DynamoDB what each call consumed, and adds it up. A write is counted with its index entries.
type meter struct {
	mu          sync.Mutex
	read, write float64
}

func (m *meter) options(o *sdk.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meter", m.handle), middleware.Before)
	})
}

func (m *meter) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	ask := reflect.ValueOf(in.Parameters).Elem().FieldByName("ReturnConsumedCapacity")
	if ask.IsValid() {
		ask.Set(reflect.ValueOf(types.ReturnConsumedCapacityTotal))
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	if err == nil && ask.IsValid() {
		m.add(in.Parameters, reflect.ValueOf(out.Result).Elem().FieldByName("ConsumedCapacity").Interface())
	}
	return out, metadata, err
}

func (m *meter) add(in, consumed any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all, _ := consumed.([]types.ConsumedCapacity)
	if one, ok := consumed.(*types.ConsumedCapacity); ok && one != nil {
		all = append(all, *one)
	}
	for _, c := range all {
		switch in.(type) {
		case *sdk.GetItemInput, *sdk.QueryInput, *sdk.BatchGetItemInput:
			m.read += *c.CapacityUnits
		default:
			m.write += *c.CapacityUnits
		}
	}
}

// take gives what was consumed since it was last asked.
func (m *meter) take() units {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := units{m.read, m.write}
	m.read, m.write = 0, 0
	return u
}

// sheet is the table of what was measured, and of what is accepted.
type sheet struct {
	*testing.T
	meter meter
	lines strings.Builder
}

// measure makes the calls and gives what they consumed.
func (s *sheet) measure(what string, bound units, calls func() error) units {
	s.Helper()
	s.meter.take()
	if err := calls(); err != nil {
		s.Fatalf("%s: %v", what, err)
	}
	return s.line(what, s.meter.take(), bound)
}

func (s *sheet) line(what string, u, bound units) units {
	s.Helper()
	fmt.Fprintf(&s.lines, "%-48s %6.1f %6.1f   %.1f, %.1f\n", what, u.read, u.write, bound.read, bound.write)
	if u.read > bound.read || u.write > bound.write {
		s.Errorf("%s: %.1f read and %.1f write units, at most %.1f and %.1f are accepted", what, u.read, u.write, bound.read, bound.write)
	}
	return u
}

func (s *sheet) print() {
	s.Logf("request units\n%-48s %6s %6s   %s\n%s", "", "read", "write", "at most", s.lines.String())
}

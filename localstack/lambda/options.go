package lambda

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"dps/shared/dps"
)

// Defaults, and bounds of AWS Lambda's own.
const (
	DefaultTimeout     = 3 * time.Second
	DefaultConcurrency = 10
	DefaultMemory      = 128              // MB; told to the function, not enforced
	InitTimeout        = 10 * time.Second // from the start of a process to its first next
	MaxPayload         = 6 << 20          // bytes of a synchronous event, and of an answer
	MaxEventPayload    = 256 << 10        // bytes of an asynchronous event
	MaxQueued          = 20_000           // asynchronous events waiting; more are answered with 429
)

// Function is one deployed function.
type Function struct {
	Name        string
	Binary      string            // the built program ("bootstrap")
	Env         map[string]string // all that the process sees beside AWS_LAMBDA_…
	Timeout     time.Duration     // of one invocation; 0: DefaultTimeout
	Concurrency int               // instances at most; 0: DefaultConcurrency
	Memory      int               // MB; 0: DefaultMemory
	Invokes     bool              // it invokes functions itself: AWS_ENDPOINT_URL_LAMBDA leads to the harness
}

// Options of a harness; all but Functions may be left zero.
type Options struct {
	Functions []Function
	// Address is what the REST API listens on. "": 127.0.0.1 and a free port.
	Address string
	// Region and Account stand in the functions' ARNs. "": eu-central-1 and 000000000000.
	Region, Account string
	// Seed decides what the faults hit: the same seed and order of invocations, the same hits.
	Seed uint64
	// RetryDelays lie before the second and third delivery of an Event that failed. nil: one and two minutes, as AWS's.
	RetryDelays []time.Duration
	// Patience is how long a synchronous invocation waits for an instance at the concurrency limit. 0: not at all, as AWS.
	Patience time.Duration
	// Output gets what the functions print, in whole lines. nil: nobody.
	Output io.Writer
	// OnDeadLetter is told of each Event that is given up. It may be called by several goroutines. nil: nobody.
	OnDeadLetter func(DeadLetter)
}

var awsRetryDelays = []time.Duration{time.Minute, 2 * time.Minute}

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// withDefaults fills in what is left zero. Errors: CodeInvalid, naming the field.
func (f Function) withDefaults() (Function, error) {
	if !validName.MatchString(f.Name) {
		return f, dps.Errorf(dps.CodeInvalid, "function %q: its name must be 1 to 64 letters, digits, '-', '_'", f.Name)
	}
	if info, err := os.Stat(f.Binary); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		return f, dps.Errorf(dps.CodeInvalid, "function %s: %q is no program: build it first ('make build')", f.Name, f.Binary)
	}
	if f.Timeout < 0 || f.Concurrency < 0 || f.Memory < 0 {
		return f, dps.Errorf(dps.CodeInvalid, "function %s: timeout, concurrency and memory must not be negative", f.Name)
	}
	f.Timeout = orDefault(f.Timeout, DefaultTimeout)
	f.Concurrency = orDefault(f.Concurrency, DefaultConcurrency)
	f.Memory = orDefault(f.Memory, DefaultMemory)
	return f, nil
}

func (o Options) withDefaults() Options {
	o.Address = orDefault(o.Address, "127.0.0.1:0")
	o.Region = orDefault(o.Region, "eu-central-1")
	o.Account = orDefault(o.Account, "000000000000")
	if o.RetryDelays == nil {
		o.RetryDelays = awsRetryDelays
	}
	if o.Output == nil {
		o.Output = io.Discard
	}
	return o
}

// arn is a function's, with the alias or version behind it where there is one.
func (o Options) arn(function, alias string) string {
	arn := fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", o.Region, o.Account, function)
	if alias != "" {
		arn += ":" + alias
	}
	return arn
}

func orDefault[T comparable](value, instead T) T {
	var zero T
	if value == zero {
		return instead
	}
	return value
}

package config

import (
	"io"
	"log/slog"
	"os"
	"reflect"
	"time"

	"dps/shared/dps"
	"dps/shared/telemetry"
)

// MaxFileSize bounds a configuration file and every file it names, in bytes: a wrong path must not fill the memory.
const MaxFileSize = 1 << 20

// Config is a configuration file.
type Config struct {
	Log              Log               `yaml:"log"`
	APIs             APIs              `yaml:"apis"`
	Clients          Clients           `yaml:"clients"`
	EnrollmentGroups []EnrollmentGroup `yaml:"enrollmentGroups" max:"1000"`
	TaskQueue        TaskQueue         `yaml:"taskQueue"`
	Functions        Functions         `yaml:"functions"`

	lines map[string]int // path of everything the file sets → its line; nil for a Config made in code
}

// Log says what is logged, and how.
type Log struct {
	DumpBody      bool          `yaml:"dumpBody" default:"false" doc:"Log the raw messages, at level debug."`
	Level         string        `yaml:"level" default:"info" oneof:"debug,info,warn,error" doc:"The least level that is logged."`
	Encoding      string        `yaml:"encoding" default:"json" oneof:"json,console" doc:"Format of the log: one JSON object a line, or aligned text for people."`
	Stacktrace    Stacktrace    `yaml:"stacktrace"`
	EncoderConfig EncoderConfig `yaml:"encoderConfig"`
}

// Stacktrace says which log lines carry the call stack.
type Stacktrace struct {
	Enabled bool   `yaml:"enabled" default:"false" doc:"Attach the call stack to log lines."`
	Level   string `yaml:"level" default:"warn" oneof:"debug,info,warn,error" doc:"From which level on log lines carry the call stack."`
}

// EncoderConfig is the form of log lines.
type EncoderConfig struct {
	TimeEncoder string `yaml:"timeEncoder" default:"rfc3339nano" oneof:"rfc3339nano,rfc3339" doc:"Format of the time of a log line."`
}

// TaskQueue bounds the work of provisioning steps.
type TaskQueue struct {
	GoPoolSize  int           `yaml:"goPoolSize" default:"1600" min:"1" max:"1000000" unit:"steps" doc:"How many provisioning steps run at once."`
	Size        int           `yaml:"size" default:"2097152" min:"1" max:"1073741824" unit:"steps" doc:"How many steps may wait for their turn; further ones are answered 5.03."`
	MaxIdleTime time.Duration `yaml:"maxIdleTime" default:"10m" doc:"How often idle goroutines are cleaned up. Zero: never." applies:"nothing, as goroutines are not pooled here"`
}

// Modes of Functions.
const (
	ModeEmbedded = "embedded" // the functions run in the ingress's process
	ModeLambda   = "lambda"   // the functions run as AWS Lambda functions
)

// Functions says where the functions run.
type Functions struct {
	Mode     string           `yaml:"mode" default:"embedded" oneof:"embedded,lambda" doc:"Where the functions run: in this process, or as AWS Lambda functions."`
	Names    FunctionNames    `yaml:"names"`
	Timeouts FunctionTimeouts `yaml:"timeouts"`
}

// FunctionNames are the names of the Lambda functions.
type FunctionNames struct {
	Enroll string `yaml:"enroll" default:"dps-enroll" min:"1" doc:"Name or ARN of the enroll function." applies:"functions.mode: lambda"`
	Token  string `yaml:"token" default:"dps-token" min:"1" doc:"Name or ARN of the token function." applies:"functions.mode: lambda"`
	Sign   string `yaml:"sign" default:"dps-sign" min:"1" doc:"Name or ARN of the sign function." applies:"functions.mode: lambda"`
	Record string `yaml:"record" default:"dps-record" min:"1" doc:"Name or ARN of the record function." applies:"functions.mode: lambda"`
}

// FunctionTimeouts limit each call of a Lambda function; in this process the step itself has a deadline. A device waits 8 seconds for its answer, so no synchronous call may take longer.
type FunctionTimeouts struct {
	Enroll time.Duration `yaml:"enroll" default:"3s" min:"1ms" max:"8s" doc:"Time limit of one call of the enroll function." applies:"functions.mode: lambda"`
	Token  time.Duration `yaml:"token" default:"7s" min:"1ms" max:"8s" doc:"Time limit of one call of the token function." applies:"functions.mode: lambda"`
	Sign   time.Duration `yaml:"sign" default:"7s" min:"1ms" max:"8s" doc:"Time limit of one call of the sign function." applies:"functions.mode: lambda"`
	Record time.Duration `yaml:"record" default:"20s" min:"1ms" max:"15m" doc:"Time limit of one call of the record function, which no device waits for." applies:"functions.mode: lambda"`
}

// Default is the configuration of an empty file.
func Default() Config {
	var c Config
	setDefaults(reflect.ValueOf(&c).Elem())
	return c
}

// Load reads and parses the file. Errors: CodeNotFound where it does not exist, CodeInvalid as Parse and for a file beyond
// MaxFileSize, CodeUnavailable where it cannot be read.
func Load(path string) (Config, error) {
	data, err := readBounded(path)
	if err != nil {
		return Config{}, err
	}
	c, err := Parse(data)
	if err != nil {
		return Config{}, dps.Errorf(dps.CodeInvalid, "%s:\n%w", path, err)
	}
	return c, nil
}

// Parse reads a configuration file's content, fills in the defaults and validates the result; it opens no file. Errors:
// CodeInvalid with all problems at once, see Problems.
func Parse(data []byte) (Config, error) {
	c, problems := decode(data)
	c.validate(problems)
	if err := problems.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Options gives the log section as package telemetry takes it.
func (l Log) Options() telemetry.LogOptions {
	level, _ := telemetry.ParseLevel(l.Level) // validated: oneof; an unknown one in a Config made in code means info
	stack, _ := telemetry.ParseLevel(l.Stacktrace.Level)
	return telemetry.LogOptions{
		Level:           level,
		Console:         l.Encoding == "console",
		Seconds:         l.EncoderConfig.TimeEncoder == "rfc3339",
		Stacktrace:      l.Stacktrace.Enabled,
		StacktraceLevel: stack,
	}
}

// NewLogger makes the logger that the log section describes.
func (l Log) NewLogger(w io.Writer) *slog.Logger { return telemetry.NewLogger(w, l.Options()) }

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // opening the file the operator names is the purpose
	if os.IsNotExist(err) {
		return nil, dps.Errorf(dps.CodeNotFound, "%s: no such file", path)
	}
	if err != nil {
		return nil, dps.Errorf(dps.CodeUnavailable, "%w", err)
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	switch {
	case err != nil:
		return nil, dps.Errorf(dps.CodeUnavailable, "%w", err)
	case len(data) > MaxFileSize:
		return nil, dps.Errorf(dps.CodeInvalid, "%s: larger than %d bytes", path, MaxFileSize)
	}
	return data, nil
}

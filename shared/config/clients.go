package config

import (
	"time"

	"dps/shared/dps"
)

// Clients are the services this one calls.
type Clients struct {
	OpenTelemetryCollector OpenTelemetryCollector `yaml:"openTelemetryCollector"`
	CloudWatch             CloudWatch             `yaml:"cloudWatch"`
	Storage                Storage                `yaml:"storage"`
}

// OpenTelemetryCollector is where metrics and traces go.
type OpenTelemetryCollector struct {
	GRPC          CollectorGRPC `yaml:"grpc"`
	SamplePercent int           `yaml:"samplePercent" default:"100" min:"0" max:"100" unit:"percent" doc:"Share of the devices' connections that are traced." applies:"clients.openTelemetryCollector.grpc.enabled"`
}

// CloudWatch is Amazon CloudWatch, which reads metrics from the log.
type CloudWatch struct {
	Enabled   bool   `yaml:"enabled" default:"false" doc:"Write metrics to standard output every minute, in CloudWatch's embedded metric format."`
	Namespace string `yaml:"namespace" default:"DPS" min:"1" max:"255" doc:"Namespace of the metrics." applies:"clients.cloudWatch.enabled"`
}

// CollectorGRPC is the collector's gRPC endpoint (OTLP).
type CollectorGRPC struct {
	Enabled   bool      `yaml:"enabled" default:"false" doc:"Send to the collector."`
	Address   string    `yaml:"address" default:"" unit:"HOST:PORT" doc:"The collector."`
	KeepAlive KeepAlive `yaml:"keepAlive"`
	TLS       ClientTLS `yaml:"tls"`
}

// Values of Storage.Use.
const (
	StorageBolt     = "bolt"
	StorageDynamoDB = "dynamoDB"
)

// Storage is where groups, hubs and records are kept.
type Storage struct {
	CacheExpiration time.Duration `yaml:"cacheExpiration" default:"10m" min:"1ms" doc:"How long what was read from the storage may be used without asking again. Changes are noticed earlier."`
	Use             string        `yaml:"use" default:"bolt" oneof:"bolt,dynamoDB" doc:"Which storage: one file on this machine, or Amazon DynamoDB."`
	Bolt            Bolt          `yaml:"bolt"`
	DynamoDB        DynamoDB      `yaml:"dynamoDB"`
}

// Bolt is the storage in one file.
type Bolt struct {
	Path string `yaml:"path" default:"dps.db" min:"1" doc:"The file; it is created where it does not exist." applies:"clients.storage.use: bolt"`
}

// DynamoDB is the storage in Amazon DynamoDB. Region, endpoint and credentials come from the AWS environment.
type DynamoDB struct {
	Table string `yaml:"table" default:"dps" min:"3" max:"255" doc:"Name of the table." applies:"clients.storage.use: dynamoDB"`
}

// KeepAlive is the keep-alive of a gRPC client.
type KeepAlive struct {
	Time                time.Duration `yaml:"time" default:"10s" min:"1ms" doc:"After so long without activity the server is pinged."`
	Timeout             time.Duration `yaml:"timeout" default:"20s" min:"1ms" doc:"Without an answer to the ping for so long, the connection is closed."`
	PermitWithoutStream bool          `yaml:"permitWithoutStream" default:"true" doc:"Ping also while no call is active."`
}

// ClientTLS is how a client identifies itself and whom it trusts.
type ClientTLS struct {
	CAPool          []string      `yaml:"caPool" default:"" scalar:"true" unit:"file" doc:"Trusted roots in PEM format, each file with any number of them."`
	KeyFile         dps.SecretRef `yaml:"keyFile" default:"" secret:"true" unit:"file" doc:"Private key in PEM format."`
	CertFile        string        `yaml:"certFile" default:"" unit:"file" doc:"Certificate and its intermediates in PEM format, leaf first."`
	UseSystemCAPool bool          `yaml:"useSystemCAPool" default:"false" doc:"Trust the system's roots too."`
}

// HTTPClient is the tuning of an HTTP client.
type HTTPClient struct {
	MaxIdleConns        int           `yaml:"maxIdleConns" default:"16" min:"0" max:"100000" unit:"connections" doc:"Idle connections to all hosts. Zero: no limit."`
	MaxConnsPerHost     int           `yaml:"maxConnsPerHost" default:"32" min:"0" max:"100000" unit:"connections" doc:"Connections to one host, in any state. Zero: no limit."`
	MaxIdleConnsPerHost int           `yaml:"maxIdleConnsPerHost" default:"16" min:"0" max:"100000" unit:"connections" doc:"Idle connections to one host. Zero: two, the default of Go's net/http."`
	IdleConnTimeout     time.Duration `yaml:"idleConnTimeout" default:"30s" doc:"An idle connection is closed after so long. Zero: never."`
	Timeout             time.Duration `yaml:"timeout" default:"10s" doc:"Time limit of one request. Zero: none."`
	TLS                 ClientTLS     `yaml:"tls"`
}

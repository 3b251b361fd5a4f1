package config

import (
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"dps/shared/dps"
)

// Validate checks everything that can be told without opening a file: bounds, choices, what must be set, and what does not
// go together. Parse has done it; it is for a Config made or changed in code. Errors: CodeInvalid with all problems at
// once, see Problems.
func (c Config) Validate() error {
	problems := &collector{lines: c.lines}
	c.validate(problems)
	return problems.err()
}

func (c Config) validate(problems *collector) {
	v := validator{problems}
	walk(reflect.ValueOf(&c).Elem(), "", v.property)
	v.listen("apis.coap.address", c.APIs.COAP.Address)
	v.listen("apis.http.address", c.APIs.HTTP.Address)
	if c.APIs.Health.Address != "" {
		v.listen("apis.health.address", c.APIs.Health.Address)
	}
	v.pair("apis.coap.tls", c.APIs.COAP.TLS.KeyFile, c.APIs.COAP.TLS.CertFile)
	v.http("apis.http", c.APIs.HTTP, c.Functions.Mode != ModeLambda)
	v.collector("clients.openTelemetryCollector.grpc", c.Clients.OpenTelemetryCollector.GRPC)
	v.storage("clients.storage", c.Clients.Storage)
	v.unique("enrollmentGroups", len(c.EnrollmentGroups), func(i int) string { return lower(c.EnrollmentGroups[i].ID) }, "id")
	for i, g := range c.EnrollmentGroups {
		v.group(index("enrollmentGroups", i), g)
	}
}

// validator adds what it finds to the problems.
type validator struct{ problems *collector }

// property checks one property by its tags.
func (v validator) property(p property) {
	if problem := bounded(p); problem != "" {
		v.problems.add(p.path, "%s", problem)
	}
	if len(p.oneof) == 0 {
		return
	}
	choice := func(path, value string) {
		if !slices.Contains(p.oneof, value) {
			v.problems.add(path, "%s is not possible: write one of %s", show(value), strings.Join(p.oneof, ", "))
		}
	}
	switch {
	case p.value.Type() == listType:
		list, _ := p.value.Interface().([]string)
		for i, value := range list {
			choice(index(p.path, i), value)
		}
		v.unique(p.path, len(list), func(i int) string { return list[i] }, "")
	case p.value.Kind() == reflect.String:
		choice(p.path, p.value.String())
	}
}

// unique checks that no two entries of a list have the same key; "" is no key.
func (v validator) unique(path string, n int, key func(int) string, name string) {
	first := make(map[string]int, n)
	for i := range n {
		k := key(i)
		at := index(path, i)
		if name != "" {
			at = join(at, name)
		}
		if j, twice := first[k]; twice && k != "" {
			v.problems.add(at, "%s is that of %s already: each must be unique", show(k), index(path, j))
			continue
		}
		first[k] = i
	}
}

// listen checks an address to listen on: the host may be empty, the port may be 0.
func (v validator) listen(path, address string) {
	_, port, err := net.SplitHostPort(address)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || strconv.FormatUint(n, 10) != port {
		v.problems.add(path, "%s is not HOST:PORT: write such as 0.0.0.0:5688", show(address))
	}
}

// dial checks an address to connect to.
func (v validator) dial(path, address string) {
	host, port, err := net.SplitHostPort(address)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || host == "" || n == 0 {
		v.problems.add(path, "%s is not HOST:PORT: write such as hub.example.com:443", show(address))
	}
}

// pair checks that key and certificate are set together.
func (v validator) pair(path, key, cert string) {
	switch {
	case key != "" && cert == "":
		v.problems.add(join(path, "certFile"), "must be set, as keyFile is")
	case key == "" && cert != "":
		v.problems.add(join(path, "keyFile"), "must be set, as certFile is")
	}
}

// url checks an http(s) URL.
func (v validator) url(path, value string) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		v.problems.add(path, "%s is not an http(s) URL: write such as https://auth.example.com", show(value))
	case u.User != nil:
		v.problems.add(path, "%s holds a user name: remove it", show(value))
	}
}

// required checks that text is set and within the bounds of names.
func (v validator) required(path, value, what string) bool {
	if value == "" {
		v.problems.add(path, "must be set: %s", what)
		return false
	}
	return v.name(path, value)
}

// name checks the length of text that is stored with a group or hub.
func (v validator) name(path, value string) bool {
	if len(value) > dps.MaxNameLength {
		v.problems.add(path, "%s has %d bytes: write at most %d", show(value), len(value), dps.MaxNameLength)
		return false
	}
	return true
}

func (v validator) http(path string, h HTTP, here bool) {
	v.pair(join(path, "tls"), string(h.TLS.KeyFile), h.TLS.CertFile)
	if a := h.Authorization.Authority; a != "" {
		v.url(join(path, "authorization.authority"), a)
	}
	v.clientTLS(join(path, "authorization.http.tls"), h.Authorization.HTTP.TLS)
	for i, origin := range h.CORS.AllowedOrigins {
		v.origin(index(join(path, "cors.allowedOrigins"), i), origin)
	}
	for i, origin := range h.Console.ConnectSources {
		v.origin(index(join(path, "console.connectSources"), i), origin)
	}
	if h.Enabled && here {
		v.served(path, h)
	}
}

// served checks what an API that is served needs.
func (v validator) served(path string, h HTTP) {
	if h.Authorization.Authority == "" {
		v.problems.add(join(path, "authorization.authority"), "must be set, as enabled is true: the OAuth server whose tokens open the API")
	}
	if h.TLS.Enabled && h.TLS.CertFile == "" && h.TLS.KeyFile == "" {
		v.problems.add(join(path, "tls"), "keyFile and certFile must be set: the API's certificate; or enabled: false, on a loopback address or behind a proxy that ends TLS")
	}
	if h.TLS.Enabled && h.TLS.ClientCertificateRequired && len(h.TLS.CAPool) == 0 {
		v.problems.add(join(path, "tls.caPool"), "must be set, as clientCertificateRequired is true: the roots of clients' certificates; or clientCertificateRequired: false")
	}
}

// origin checks a web origin (RFC 6454 §6.2).
func (v validator) origin(path, value string) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != value {
		v.problems.add(path, "%s is no origin: write such as https://console.example.com, without a path", show(value))
	}
}

func (v validator) collector(path string, c CollectorGRPC) {
	switch {
	case c.Address != "":
		v.dial(join(path, "address"), c.Address)
	case c.Enabled:
		v.problems.add(join(path, "address"), "must be set, as enabled is true: HOST:PORT of the collector")
	}
	v.clientTLS(join(path, "tls"), c.TLS)
}

// storage refuses a DynamoDB section that nothing uses: the data would silently go into a local file.
func (v validator) storage(path string, s Storage) {
	_, chosen := v.problems.lines[join(path, "use")]
	_, section := v.problems.lines[join(path, "dynamoDB")]
	if section && !chosen && s.Use != StorageDynamoDB {
		v.problems.add(join(path, "use"), "must be set, as there is a section dynamoDB: write use: dynamoDB")
	}
}

func (v validator) clientTLS(path string, t ClientTLS) { v.pair(path, string(t.KeyFile), t.CertFile) }

func lower(uuid string) string {
	if u, ok := dps.ParseUUID(uuid); ok {
		return u
	}
	return uuid
}

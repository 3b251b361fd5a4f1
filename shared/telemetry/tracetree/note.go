package tracetree

import (
	"strings"
	"unicode"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"dps/shared/telemetry"
)

// labels are what is shown of a span, in this order; "" shows the value alone.
var labels = []struct{ key, label string }{
	{telemetry.AttrOutcome, ""},
	{telemetry.AttrCode, ""},
	{telemetry.AttrHTTPStatus, "status"},
	{telemetry.AttrRule, "rule"},
	{telemetry.AttrGroup, "group"},
	{telemetry.AttrHub, "hub"},
	{telemetry.AttrDevice, "device"},
	{telemetry.AttrOperation, ""},
	{telemetry.AttrTransport, "over"},
	{telemetry.AttrPeer, "from"},
	{telemetry.AttrRetries, "retries"},
	{telemetry.AttrColdStart, "cold start"},
}

// note says the most important things of a span in a few words; of one that failed, first why.
func note(s sdktrace.ReadOnlySpan) string {
	values := map[string]string{}
	for _, kv := range s.Attributes() {
		values[string(kv.Key)] = kv.Value.String()
	}
	var words []string
	if s.Status().Code == codes.Error {
		words = append(words, failure(values[telemetry.AttrError], s.Status().Description))
	}
	for _, l := range labels {
		switch v := values[l.key]; v {
		case "", "false":
		case "true":
			words = append(words, l.label)
		default:
			words = append(words, strings.TrimSpace(l.label+" "+v))
		}
	}
	return printable(strings.Join(words, ", "))
}

func failure(code, message string) string {
	switch {
	case code == "" || code == message:
		return "✗ " + message
	case message == "":
		return "✗ " + code
	default:
		return "✗ " + code + ": " + message
	}
}

// printable takes out what could move the cursor: group names and addresses come from elsewhere.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bounded says what is wrong with a property's value by its tags, "" for nothing.
func bounded(p property) string {
	switch {
	case p.value.Type() == durationType:
		return p.durationBounds(time.Duration(p.value.Int()))
	case p.value.Kind() == reflect.Int:
		return p.intBounds(p.value.Int())
	case p.value.Type() == listType:
		return p.lengthBounds(p.value.Len(), "entries")
	case p.value.Kind() == reflect.String && !p.secret:
		return p.lengthBounds(p.value.Len(), "bytes")
	default:
		return ""
	}
}

func (p property) durationBounds(d time.Duration) string {
	low, _ := time.ParseDuration(p.min) // "" and "-" are zero
	high, _ := time.ParseDuration(p.max)
	switch {
	case p.min == "-":
		return ""
	case d < 0:
		return d.String() + " is negative: write a positive duration"
	case d < low:
		return d.String() + " is too short: write at least " + low.String()
	case high > 0 && d > high:
		return d.String() + " is too long: write at most " + high.String()
	default:
		return ""
	}
}

func (p property) intBounds(n int64) string {
	value := strconv.FormatInt(n, 10)
	low, noLow := strconv.ParseInt(p.min, 10, 64)
	high, noHigh := strconv.ParseInt(p.max, 10, 64)
	switch {
	case len(p.oneof) > 0 && !slices.Contains(p.oneof, value):
		return value + " is not possible: write one of " + strings.Join(p.oneof, ", ")
	case noLow == nil && n < low:
		return value + " is too small: write at least " + p.min
	case noHigh == nil && n > high:
		return value + " is too large: write at most " + p.max
	default:
		return ""
	}
}

func (f field) lengthBounds(n int, what string) string {
	low, _ := strconv.Atoi(f.min)
	high, _ := strconv.Atoi(f.max)
	switch {
	case n < low:
		return "has " + strconv.Itoa(n) + " " + what + ": write at least " + f.min
	case high > 0 && n > high:
		return "has " + strconv.Itoa(n) + " " + what + ": write at most " + f.max
	default:
		return ""
	}
}

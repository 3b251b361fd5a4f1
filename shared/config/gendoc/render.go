package main

import (
	"bytes"
	"fmt"
	"strings"

	"dps/shared/config"
)

// preface says what holds for all properties.
const preface = `# Configuration

<!-- Generated from the types of shared/config by "go generate ./shared/config"; change those, not this file. -->

One YAML file, given to the ingress with ` + "`--config FILE`" + `; ` + "`--check-config`" + ` tells everything that is wrong with it, at once and by
line, and everything that is set without effect. Names are matched exactly, and, failing that, without regard to case. What is
left out, or left empty, has its default. Unknown properties are errors.

- **duration**: decimal numbers with a unit, such as ` + "`300ms`, `1.5h` or `2h45m`" + `; units are ns, us, ms, s, m and h. Never negative, except
  where zero and negative values are said to mean the same.
- **file**: the path of a file, relative to the working folder, or its content as ` + "`data:;base64,…`" + ` (RFC 2397) or as PEM text. Where the
  file is a secret, ` + "`secret:NAME`" + ` names one in the secrets folder, and an ARN one in AWS Secrets Manager. Secrets that stand in the
  configuration itself are moved into the secrets store and never printed.
- **URL**: http or https, without user name.
- **UUID**: such as 98be12de-3991-4567-aeea-edd9a656e6df.
- ` + "`[]`" + ` in a name stands for each entry of a list.
- ` + "`hub`" + ` and ` + "`hubs[]`" + ` have the same properties; ` + "`hub`" + ` is the group's default hub and comes first. Each is optional; one hub is required.
- There is no ` + "`clients.storage.mongoDB`" + `: ` + "`clients.storage.bolt`" + ` and ` + "`clients.storage.dynamoDB`" + ` take its place.
`

// section is a part of the document: the properties whose paths begin alike.
type section struct{ prefix, title string }

func sections() []section {
	return []section{
		{"log.", "Log"},
		{"apis.coap.", "CoAP endpoint for devices"},
		{"apis.http.", "REST API for operators"},
		{"apis.health.", "Health and metrics, for load balancers and Prometheus"},
		{"clients.openTelemetryCollector.", "OpenTelemetry collector"},
		{"clients.cloudWatch.", "Amazon CloudWatch"},
		{"clients.storage.", "Storage"},
		{"enrollmentGroups[].hub.", "Hub of an enrollment group"},
		{"enrollmentGroups[].", "Enrollment groups"},
		{"taskQueue.", "Task queue"},
		{"functions.", "Functions"},
	}
}

// render gives the whole document.
func render(properties []config.Property) []byte {
	var b bytes.Buffer
	b.WriteString(preface)
	current := ""
	for _, p := range properties {
		if strings.HasPrefix(p.Path, "enrollmentGroups[].hubs[].") {
			continue // as hub
		}
		if title := titleOf(p.Path); title != current {
			current = title
			fmt.Fprintf(&b, "\n## %s\n\n| property | type | default | unit | meaning |\n|---|---|---|---|---|\n", title)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", p.Path, p.Type, code(p.Default), cell(p.Unit), cell(meaning(p)))
	}
	return b.Bytes()
}

func titleOf(path string) string {
	for _, s := range sections() {
		if strings.HasPrefix(path, s.prefix) {
			return s.title
		}
	}
	return "Other"
}

// meaning gives what a property means, the values it may have, its other names, and where it applies.
func meaning(p config.Property) string {
	s := p.Meaning
	if len(p.Choices) > 0 {
		s += " One of `" + strings.Join(p.Choices, "`, `") + "`."
	}
	if p.Bounds != "" {
		s += " " + p.Bounds + "."
	}
	if len(p.Aliases) > 0 {
		s += " Also: `" + strings.Join(p.Aliases, "`, `") + "`."
	}
	if p.Applies != "" {
		s += " *Applies to: " + p.Applies + ".*"
	}
	return s
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// cell keeps text from ending its table cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

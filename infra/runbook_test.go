package infra_test

import (
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dps/shared/telemetry"
)

const operations = "../docs/operations.md"

var (
	anchored     = regexp.MustCompile(` See docs/operations\.md#([a-z0-9-]+)$`)
	alarmHeading = regexp.MustCompile(`(?m)^## (Alarm: [^\n]+)\n`)
	insights     = regexp.MustCompile("(?s)```insights\n(.*?)```")
)

// sections gives docs/operations.md's on alarms, by anchor.
func sections(t *testing.T) map[string]string {
	t.Helper()
	text := read(t, operations)
	all := make(map[string]string)
	for _, at := range alarmHeading.FindAllStringSubmatchIndex(text, -1) {
		body, _, _ := strings.Cut(text[at[1]:], "\n## ")
		body, _, _ = strings.Cut(body, "\n# ")
		all[anchor(text[at[2]:at[3]])] = body
	}
	return all
}

// anchor is what GitHub makes of a heading: letters, digits, hyphens, in lower case.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// TestEveryAlarmTellsSomebodyWhatToDo: whom, and by a link to its section; and no section is of no alarm.
func TestEveryAlarmTellsSomebodyWhatToDo(t *testing.T) {
	known, linked := sections(t), make(map[string]bool)
	alarms := deploy(t, everything).all("AWS::CloudWatch::Alarm")
	if len(alarms) != 25 {
		t.Errorf("%d alarms", len(alarms))
	}
	for _, a := range alarms {
		name, _ := cut(str(a.attributes, "Properties", "AlarmName"), "dps-")
		for _, action := range []string{"AlarmActions", "OKActions"} {
			if strings.Join(strs(a.property(action)), "") != "Topic" {
				t.Errorf("%s: %s tell nobody", name, action)
			}
		}
		link := anchored.FindStringSubmatch(str(a.attributes, "Properties", "AlarmDescription"))
		if link == nil {
			t.Errorf("%s: the description does not end in a link to docs/operations.md: %v", name, a.property("AlarmDescription"))
			continue
		}
		linked[link[1]] = true
		if body, ok := known[link[1]]; !ok || !strings.Contains(body, "`"+general(name)+"`") {
			t.Errorf("%s: docs/operations.md has no section %s that names `%s`", name, link[1], general(name))
		}
	}
	for a, body := range known {
		if !linked[a] {
			t.Errorf("docs/operations.md: no alarm links to %s", a)
		}
		for _, part := range []string{"**Means.**", "**Confirm.**", "**Do.**"} {
			if !strings.Contains(body, part) {
				t.Errorf("docs/operations.md#%s lacks %s", a, part)
			}
		}
	}
}

// general names the alarms that there is one of for each function.
func general(alarm string) string {
	for _, f := range names {
		if rest, ok := cut(alarm, strings.ToLower(f)+"-"); ok && (rest == "errors" || rest == "throttles") {
			return "FUNCTION-" + rest
		}
	}
	return alarm
}

var (
	texts = regexp.MustCompile(`"[^"]*"|/[^/\n]*/`)
	words = regexp.MustCompile(`@?[A-Za-z_][A-Za-z_]*`)
	// language is CloudWatch Logs Insights' own, and fields that it makes.
	language = strings.Fields(`fields filter stats sort desc asc limit by as and or not in like is ispresent count sum avg max min pct bin m h
		@timestamp @message @logStream`)
	// platforms are Lambda's own words.
	platforms = []string{"Task timed out", "runtime exited"}
)

// TestQueriesAskForWhatIsLogged: fields and texts of the queries are in the program's text.
func TestQueriesAskForWhatIsLogged(t *testing.T) {
	source, known := sources(t), map[string]bool{slog.LevelKey: true, slog.MessageKey: true}
	for _, w := range language {
		known[w] = true
	}
	queries := insights.FindAllStringSubmatch(read(t, operations), -1)
	if len(queries) < 8 {
		t.Errorf("%d queries", len(queries))
	}
	for _, q := range queries {
		for _, text := range texts.FindAllString(q[1], -1) {
			if text = strings.Trim(text, `"/`); !isCode(text) && !slices.Contains(platforms, text) && !strings.Contains(source, text) {
				t.Errorf("nothing logs %q, which a query looks for:\n%s", text, q[1])
			}
		}
		aliases := make(map[string]bool)
		for _, m := range regexp.MustCompile(` as ([a-z]+)`).FindAllStringSubmatch(q[1], -1) {
			aliases[m[1]] = true
		}
		for _, w := range words.FindAllString(texts.ReplaceAllString(q[1], ""), -1) {
			if !known[w] && !aliases[w] && !strings.Contains(source, `"`+w+`"`) {
				t.Errorf("nothing logs a field %s, which a query asks for:\n%s", w, q[1])
			}
		}
	}
}

// TestTheRunbookExplainsEveryMetric that the program writes, and none that it does not.
func TestTheRunbookExplainsEveryMetric(t *testing.T) {
	text, attributes := read(t, operations), make(map[string]bool)
	for _, d := range telemetry.Definitions() {
		if !strings.Contains(text, "`"+d.Name+"`") {
			t.Errorf("docs/operations.md does not explain %s", d.Name)
		}
		for _, a := range d.Attributes {
			attributes[a] = true
		}
	}
	for _, m := range regexp.MustCompile("`((?:dps|faas)\\.[a-z._]+)`").FindAllStringSubmatch(text, -1) {
		if _, ok := telemetry.Define(m[1]); !ok && !attributes[m[1]] && !strings.HasPrefix(m[1], "dps.db") {
			t.Errorf("docs/operations.md tells of %s, which nothing writes", m[1])
		}
	}
}

// TestLinksOfTheRunbookLeadSomewhere: to headings that are there, its own and others'.
func TestLinksOfTheRunbookLeadSomewhere(t *testing.T) {
	headings := regexp.MustCompile(`(?m)^#+ (.+)$`)
	links := regexp.MustCompile(`\]\(([^)#:]*)#([a-z0-9-]+)\)`).FindAllStringSubmatch(read(t, operations), -1)
	if len(links) < 10 {
		t.Errorf("%d links", len(links))
	}
	for _, l := range links {
		file, found := operations, false
		if l[1] != "" {
			file = "../docs/" + l[1]
		}
		for _, h := range headings.FindAllStringSubmatch(read(t, file), -1) {
			found = found || anchor(h[1]) == l[2]
		}
		if !found {
			t.Errorf("%s has no heading for %s", file, l[2])
		}
	}
}

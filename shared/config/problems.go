package config

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dps/shared/dps"
)

// Bounds on what an error repeats.
const (
	maxProblems   = 100 // further ones are counted only
	maxShownValue = 64  // bytes of a value
)

// Problem is one thing wrong with a configuration.
type Problem struct {
	Path string // dotted, such as enrollmentGroups[1].hub.hubID; "" is the whole file
	Line int    // in the file; 0: unknown
	Text string // what is wrong, the value (never a secret), and what to write instead
}

// String gives the problem as one line.
func (p Problem) String() string {
	s := p.Text
	if p.Path != "" {
		s = p.Path + ": " + s
	}
	if p.Line > 0 {
		s += " (line " + strconv.Itoa(p.Line) + ")"
	}
	return s
}

// Problems is everything wrong with a configuration, in the order of the file.
type Problems []Problem

// Error gives one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// collector gathers problems.
type collector struct {
	lines    map[string]int
	problems Problems
	more     int
}

// add notes a problem, unless one with the same property, a part of it, or the section it is in is known: after a wrong
// type, "must be set" says nothing new.
func (c *collector) add(path, format string, args ...any) {
	for _, p := range c.problems {
		if p.Path == path || p.Path != "" && path != "" && (within(p.Path, path) || within(path, p.Path)) {
			return
		}
	}
	if c.full() {
		c.more++
		return
	}
	c.problems = append(c.problems, Problem{Path: path, Text: fmt.Sprintf(format, args...)})
}

// full tells whether further problems are only counted.
func (c *collector) full() bool { return len(c.problems) == maxProblems }

// addError notes an error of another package; its own text names the rest.
func (c *collector) addError(path string, err error) {
	if err != nil {
		c.add(path, "%s", dps.AsError(err).Message)
	}
}

// line is where path is set, or, where it is not, the nearest thing around it that is.
func (c *collector) line(path string) int {
	for path != "" {
		if n, ok := c.lines[path]; ok {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

func (c *collector) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	ps := slices.Clone(c.problems)
	for i := range ps {
		ps[i].Line = c.line(ps[i].Path)
	}
	slices.SortStableFunc(ps, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	if c.more > 0 {
		ps = append(ps, Problem{Text: fmt.Sprintf("and %d problems more", c.more)})
	}
	return dps.Errorf(dps.CodeInvalid, "%w", ps)
}

// within tells whether path is parent or stands somewhere below it.
func within(path, parent string) bool {
	rest, ok := strings.CutPrefix(path, parent)
	return ok && (rest == "" || parent == "" || rest[0] == '.' || rest[0] == '[')
}

// show gives a value for an error text: bounded, in quotes, without password.
func show(value string) string {
	value = withoutPassword(value)
	if len(value) > maxShownValue {
		value = strings.ToValidUTF8(value[:maxShownValue], "") + "..."
	}
	return strconv.Quote(value)
}

// userInfo finds user and password in what is nearly a URL, too: url.Parse gives up on the very values that errors show.
var userInfo = regexp.MustCompile(`(://)[^/?#\s]*@`)

func withoutPassword(value string) string {
	if u, err := url.Parse(value); err == nil && u.User != nil {
		return u.Redacted()
	}
	return userInfo.ReplaceAllString(value, "${1}REDACTED@")
}

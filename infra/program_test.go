package infra_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// embeddedOnly are the ingress's files for the embedded mode: a deployed one calls functions, and has none in itself.
var embeddedOnly = regexp.MustCompile(`^\.\./ingress/(embedded|operators)\.go$`)

// pack is a package of a program.
type pack struct {
	text  string
	names map[string]bool // that it is imported under
}

// program gives the text of a command with every package of the module that it is made of, but for tests, the tables of metrics,
// and packages of which it has types alone: those with a constructor New that nobody calls.
func program(t *testing.T, command string) string {
	t.Helper()
	all := make(map[string]*pack)
	collectPackages(t, command, all)
	delete(all, "../shared/telemetry")
	var text strings.Builder
	for folder, p := range all {
		if !strings.Contains(p.text, "\nfunc New(") || isMade(all, folder) {
			text.WriteString(p.text)
		}
	}
	return text.String()
}

var own = regexp.MustCompile(`[^.\w]New\(`)

// isMade tells whether another package calls the folder's New, or the folder itself does.
func isMade(all map[string]*pack, folder string) bool {
	if len(own.FindAllString(all[folder].text, 2)) > 1 { // one is where it is declared
		return true
	}
	for name := range all[folder].names {
		for other, p := range all {
			if other != folder && strings.Contains(p.text, name+".New(") {
				return true
			}
		}
	}
	return false
}

func collectPackages(t *testing.T, folder string, all map[string]*pack) {
	t.Helper()
	files, err := filepath.Glob(folder + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no sources: %v", folder, err)
	}
	p := &pack{names: make(map[string]bool)}
	all[folder] = p
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || embeddedOnly.MatchString(file) {
			continue
		}
		text := read(t, file)
		p.text += text
		for imported, name := range importsOf(t, file, text) {
			if all[imported] == nil {
				collectPackages(t, imported, all)
			}
			all[imported].names[name] = true
		}
	}
}

// importsOf gives the folders of what the file imports of the module, each with its name there.
func importsOf(t *testing.T, file, text string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, i := range parsed.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		folder, ours := cut(path, "dps/")
		if !ours {
			continue
		}
		all["../"+folder] = filepath.Base(folder)
		if i.Name != nil {
			all["../"+folder] = i.Name.Name
		}
	}
	return all
}

// programs are the texts of the deployed ones, by what they call themselves in metrics: the dimension service.
func programs(t *testing.T, s *stack) map[string]string {
	t.Helper()
	name := regexp.MustCompile(`const serviceName = "([^"]+)"`).FindStringSubmatch(read(t, "../ingress/telemetry.go"))
	if name == nil {
		t.Fatal("the ingress has no constant serviceName")
	}
	all := map[string]string{name[1]: program(t, "../ingress/cmd")}
	for _, f := range names {
		service := str(s.get(t, f+"Function").attributes, "Properties", "Environment", "Variables", "POWERTOOLS_SERVICE_NAME")
		all[service] = program(t, "../functions/"+strings.ToLower(f)+"/cmd")
	}
	if len(all) != len(names)+1 {
		t.Errorf("%d programs for %d functions and the ingress: two share a name", len(all), len(names))
	}
	return all
}

// spelledOtherwise are calls whose name is a constant of shared/telemetry.
var spelledOtherwise = map[string]string{
	`Count("telemetry_dropped"`: "telemetry.EventDropped", `Count("log_suppressed"`: "telemetry.WithSampling(",
}

// calls tells whether the program's text has the call.
func calls(text, call string) bool {
	if other, ok := spelledOtherwise[call]; ok {
		return strings.Contains(text, other)
	}
	return slices.ContainsFunc(forms(call), func(form string) bool { return strings.Contains(text, form) })
}

// forms are the ways in which a call stands in a program's text: whoever is called Count there, or gives the name to who calls.
func forms(call string) []string {
	if strings.HasPrefix(call, `Count("step_`) {
		call = `Count("step_"+`
	}
	_, name, _ := strings.Cut(call, "(")
	return []string{call, strings.ToLower(call[:1]) + call[1:], "Name: " + name, "= " + name + "\n"}
}

// sources gives the text of all rooms that log, without tests.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, room := range []string{"../ingress", "../functions", "../shared"} {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			data, err := os.ReadFile(path)
			all.Write(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

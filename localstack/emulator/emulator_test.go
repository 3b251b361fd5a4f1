package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets this program stand in for an emulator and for the command, too.
func TestMain(m *testing.M) {
	switch os.Getenv("EMULATOR_TEST_AS") {
	case "server":
		serve(os.Args[1])
	case "crash":
		_, _ = os.Stderr.WriteString("the port is mine\n") // the test reads it
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// serve answers until it is killed, or asked to end.
func serve(port string) {
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			os.Exit(0)
		}
	})}
	_ = server.ListenAndServe()
	os.Exit(1)
}

// standIn is a service that is this test's own program.
func standIn(t *testing.T, as string) service {
	t.Helper()
	t.Setenv("EMULATOR_TEST_AS", as)
	return service{"stand-in", "STAND_IN_URL", func(context.Context, string, io.Writer) (starter, error) {
		return starter{t.TempDir(), func(port string) []string { return []string{os.Args[0], port} }}, nil
	}}
}

func shell(script string) []string { return []string{"sh", "-c", script} }

func TestTheCommandFindsTheEmulator(t *testing.T) {
	t.Setenv("AWS_PROFILE", "production")
	s, out := standIn(t, "server"), filepath.Join(t.TempDir(), "out")
	code, err := runBeside(t.Context(), []service{s}, shell(`env > `+out+`; exit 7`), io.Discard)
	if err != nil || code != 7 {
		t.Fatalf("exit code %d, %v; want 7", code, err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "STAND_IN_URL=http://127.0.0.1:") })
	if i < 0 || !slices.Contains(lines, "AWS_ACCESS_KEY_ID=test") || strings.Contains(string(data), "production") {
		t.Fatalf("environment:\n%s", data)
	}
	endpoint, err := url.Parse(strings.TrimPrefix(lines[i], "STAND_IN_URL="))
	if err != nil || answers(t.Context(), endpoint.String()) {
		t.Errorf("%v still answers, %v", endpoint, err)
	}
}

func TestExitCodes(t *testing.T) {
	s := standIn(t, "server")
	for script, want := range map[string]int{"true": 0, "exit 3": 3, "kill -9 $$": 137} {
		if code, err := runBeside(t.Context(), []service{s}, shell(script), io.Discard); err != nil || code != want {
			t.Errorf("%q gives %d, %v; want %d", script, code, err, want)
		}
	}
	if code, err := runBeside(t.Context(), []service{s}, []string{"/no/such/command"}, io.Discard); err == nil || code != exitFailed {
		t.Errorf("an unknown command gives %d, %v", code, err)
	}
}

func TestAnEmulatorThatDoesNotStartIsLoud(t *testing.T) {
	code, err := runBeside(t.Context(), []service{standIn(t, "crash")}, shell("true"), io.Discard)
	if err == nil || code != exitFailed || !strings.Contains(err.Error(), "the port is mine") {
		t.Errorf("exit code %d, %v", code, err)
	}
}

func TestAnEmulatorThatEndsTooEarlyEndsTheCommand(t *testing.T) {
	running, err := startAll(t.Context(), []service{standIn(t, "server")}, t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer running[0].stop()
	if answers(t.Context(), running[0].endpoint+"/end") {
		t.Fatal("it answers, and should have ended")
	}
	forEver := []string{os.Args[0], "0"}
	code, err := runCommand(t.Context(), forEver, os.Environ(), running)
	if code != exitFailed || err == nil || !strings.Contains(err.Error(), "too early") {
		t.Errorf("exit code %d, %v", code, err)
	}
}

func TestWrongCommandLines(t *testing.T) {
	for args, want := range map[string]string{
		"": "nothing to start", "--dynamodb": "no command", "-- true": "nothing to start", "--s3 -- true": "s3", "--help": "needs Java",
	} {
		var log bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), &log); code != exitUsage || !strings.Contains(log.String(), want) {
			t.Errorf("%q gives %d and says %q, want %q", args, code, log.String(), want)
		}
	}
}

func TestMissingProgramsAreNamedWithTheirRemedy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for remedy, s := range map[string]service{"apt-get install default-jre-headless": dynamoDBLocal, "apt-get install python3-venv": secretsManager} {
		_, err := s.prepare(t.Context(), t.TempDir(), io.Discard)
		if err == nil || !strings.Contains(err.Error(), remedy) {
			t.Errorf("%s: %v, want %q", s.name, err, remedy)
		}
	}
	if err := fetchDynamoDBLocal(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "apt-get install npm") {
		t.Errorf("%v", err)
	}
}

func TestCacheIsFilledOnceAndWhole(t *testing.T) {
	cache, fills := t.TempDir(), 0
	broken := errors.New("broken")
	fill := func(err error) func(string) error {
		return func(dir string) error {
			fills++
			return errors.Join(os.WriteFile(filepath.Join(dir, "file"), nil, 0o600), err)
		}
	}
	if _, err := cached(cache, "thing", fill(broken)); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	for range 2 {
		dir, err := cached(cache, "thing", fill(nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "file")); err != nil {
			t.Error(err)
		}
	}
	left, err := os.ReadDir(cache)
	if err != nil || len(left) != 1 || fills != 2 {
		t.Errorf("%d fills, %v in the cache, %v", fills, left, err)
	}
}

func archive(t *testing.T, names ...string) string {
	t.Helper()
	var data bytes.Buffer
	gz := gzip.NewWriter(&data)
	files := tar.NewWriter(gz)
	for _, name := range names {
		if err := files.WriteHeader(&tar.Header{Name: name, Size: int64(len(name)), Typeflag: tar.TypeReg, Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write([]byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "archive.tgz")
	if err := errors.Join(files.Close(), gz.Close(), os.WriteFile(path, data.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnpackTakesWhatIsBelowThePrefix(t *testing.T) {
	dir := t.TempDir()
	if err := unpack(archive(t, "package/index.js", "package/emulator/a.jar", "package/emulator/lib/b.jar"), "package/emulator/", dir); err != nil {
		t.Fatal(err)
	}
	var found []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil || !slices.Equal(found, []string{"a.jar", "lib/b.jar"}) {
		t.Errorf("%v, %v", found, err)
	}
}

func TestUnpackStaysInItsFolder(t *testing.T) {
	for _, name := range []string{"p/../../evil", "p//etc/evil"} {
		if err := unpack(archive(t, name), "p/", t.TempDir()); err == nil {
			t.Errorf("%q was unpacked", name)
		}
	}
}

func TestAnotherArchiveIsNotRun(t *testing.T) {
	err := checkHash(archive(t, "x"), dynamoDBHash)
	if err == nil || !strings.Contains(err.Error(), "not what was tested") {
		t.Error(err)
	}
}

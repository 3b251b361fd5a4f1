package infra_test

import (
	"crypto/tls"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"dps/shared/config"
	"dps/shared/pki"
)

func container(t *testing.T, s *stack) object {
	t.Helper()
	all := list(s.get(t, "TaskDefinition").property("ContainerDefinitions"))
	if len(all) != 1 {
		t.Fatalf("%d containers", len(all))
	}
	return asObject(all[0])
}

// ingressConfig is what the program reads of the settings in the template.
func ingressConfig(t *testing.T, s *stack) config.Config {
	t.Helper()
	var text string
	for _, v := range list(container(t, s)["Environment"]) {
		if str(v, "Name") == "DPS_CONFIG" {
			text = str(v, "Value")
		}
	}
	c, err := config.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	for _, n := range c.Notes() {
		t.Errorf("the program complains: %s", n)
	}
	return c
}

// TestTheIngresssSettings: what stands in the template is a configuration that the program takes, in mode lambda, with the
// functions' own names.
func TestTheIngresssSettings(t *testing.T) {
	s := deploy(t, with(everything, map[string]string{"Port": "15700", "LogLevel": "debug"}))
	c := ingressConfig(t, s)
	if c.Functions.Mode != config.ModeLambda || c.Log.Level != "debug" || c.Log.Encoding != "json" {
		t.Errorf("functions.mode %s, log %+v", c.Functions.Mode, c.Log)
	}
	if c.APIs.COAP.Address != "0.0.0.0:15700" || strings.Join(c.APIs.COAP.Protocols, " ") != "tcp udp" {
		t.Errorf("apis.coap: %+v", c.APIs.COAP)
	}
	if c.APIs.COAP.TLS.KeyFile != tlsSecret || c.APIs.COAP.TLS.CertFile != tlsSecret {
		t.Errorf("apis.coap.tls: %+v", c.APIs.COAP.TLS)
	}
	names := map[string]string{"Enroll": c.Functions.Names.Enroll, "Token": c.Functions.Names.Token, "Sign": c.Functions.Names.Sign, "Record": c.Functions.Names.Record}
	for function, name := range names {
		if want := str(s.get(t, function+"Function").attributes, "Properties", "FunctionName") + ":live"; name != want {
			t.Errorf("functions.names: %s, want %s", name, want)
		}
	}
}

// TestTheContainerIsShut: nothing can be written, nobody is root, nothing is inherited.
func TestTheContainerIsShut(t *testing.T) {
	each(t, func(t *testing.T, s *stack) {
		c := container(t, s)
		for what, ok := range map[string]bool{
			"read-only root file system": c["ReadonlyRootFilesystem"] == "true",
			"a user who is not root":     regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(str(c, "User")),
			"no capabilities":            strings.Join(strs(at(c, "LinuxParameters", "Capabilities", "Drop")), "") == "ALL",
			"a health check":             strings.Join(strs(at(c, "HealthCheck", "Command")), " ") == "CMD /ingress --healthcheck",
			"no shell for operators":     s.get(t, "Service").property("EnableExecuteCommand") == "false",
			"no public address":          s.get(t, "Service").property("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp") == "DISABLED",
			"its user in the image":      strings.Contains(read(t, "Dockerfile"), "USER "+str(c, "User")),
		} {
			if !ok {
				t.Errorf("the container has not: %s", what)
			}
		}
	})
}

// TestTheDrainFitsTheStopTimeout: what the program takes at most to drain, by its own constants, is less than ECS waits.
func TestTheDrainFitsTheStopTimeout(t *testing.T) {
	source := read(t, "../ingress/ingress.go") + read(t, "../ingress/health.go")
	var drain time.Duration
	for _, name := range []string{"readinessPause", "drainTimeout", "flushTimeout"} {
		m := regexp.MustCompile(name + `\s*=\s*(\d+) \* time\.Second`).FindStringSubmatch(source)
		if m == nil {
			t.Fatalf("the ingress has no constant %s", name)
		}
		n, _ := strconv.Atoi(m[1])
		drain += time.Duration(n) * time.Second
	}
	each(t, func(t *testing.T, s *stack) {
		n, err := strconv.Atoi(str(container(t, s), "StopTimeout"))
		stop := time.Duration(n) * time.Second
		if err != nil || stop <= 30*time.Second || stop <= drain || stop > 120*time.Second {
			t.Errorf("ECS waits %s, the drain takes up to %s; Fargate waits 120 s at most", stop, drain)
		}
	})
}

func TestDeploymentsAreTakenBack(t *testing.T) {
	each(t, func(t *testing.T, s *stack) {
		d := s.get(t, "Service").property("DeploymentConfiguration")
		if str(d, "DeploymentCircuitBreaker", "Enable") != "true" || str(d, "DeploymentCircuitBreaker", "Rollback") != "true" || str(d, "MinimumHealthyPercent") != "100" {
			t.Errorf("%v", d)
		}
		if s.get(t, "Service").property("DesiredCount") != nil {
			t.Error("each deployment sets the number of tasks back")
		}
	})
}

// TestTheLoadBalancerPassesThrough both protocols on one port, with the devices' addresses, to tasks that are ready.
func TestTheLoadBalancerPassesThrough(t *testing.T) {
	s := deploy(t, with(required, map[string]string{"Port": "15700"}))
	group := s.get(t, "TargetGroup")
	for _, r := range []resource{group, s.get(t, "Listener")} {
		if r.property("Protocol") != "TCP_UDP" || r.property("Port") != "15700" {
			t.Errorf("%s: %v on %v", r.name, r.property("Protocol"), r.property("Port"))
		}
	}
	attributes := make(map[string]string)
	for _, a := range list(group.property("TargetGroupAttributes")) {
		attributes[str(a, "Key")] = str(a, "Value")
	}
	if attributes["preserve_client_ip.enabled"] != "true" {
		t.Error("the addresses of devices are lost")
	}
	if group.property("HealthCheckPath") != "/readyz" || group.property("HealthCheckPort") != "8080" {
		t.Errorf("asks %v on %v", group.property("HealthCheckPath"), group.property("HealthCheckPort"))
	}
}

func TestItScalesOnProcessorAndConnections(t *testing.T) {
	s := deploy(t, with(required, map[string]string{"MinTasks": "3", "MaxTasks": "30", "TargetCpu": "50", "TargetConnections": "5000"}))
	target := s.get(t, "ScalableTarget")
	if target.property("MinCapacity") != "3" || target.property("MaxCapacity") != "30" {
		t.Errorf("%v", target.attributes)
	}
	for name, want := range map[string]string{"ScaleOnCpu": "50", "ScaleOnConnections": "5000"} {
		if v := s.get(t, name).property("TargetTrackingScalingPolicyConfiguration", "TargetValue"); v != want {
			t.Errorf("%s aims at %v, want %s", name, v, want)
		}
	}
}

// TestOneSecretHoldsCertificateAndKey: one text with both serves as certFile and as keyFile, so that a renewal replaces both
// at once.
func TestOneSecretHoldsCertificateAndKey(t *testing.T) {
	authority, err := pki.NewRoot("root")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := authority.NewLeaf("ingress")
	if err != nil {
		t.Fatal(err)
	}
	key, err := leaf.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"certificate first": string(leaf.ChainPEM()) + string(key), "key first": string(key) + string(leaf.ChainPEM())} {
		if _, err := tls.X509KeyPair([]byte(text), []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

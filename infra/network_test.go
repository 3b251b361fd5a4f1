package infra_test

import (
	"slices"
	"testing"
)

// TestPrivateSubnetsReachWhatTheyNeed: what the ingress talks to has an endpoint, and the Internet is there only by a NAT
// gateway that somebody asked for.
func TestPrivateSubnetsReachWhatTheyNeed(t *testing.T) {
	want := map[string][]string{
		"least":      {"ecr.api", "ecr.dkr", "lambda", "logs", "s3", "secretsmanager"},
		"everything": {"dynamodb", "ecr.api", "ecr.dkr", "lambda", "logs", "s3", "secretsmanager"},
	}
	nats := map[string]int{"least": 0, "everything": 2}
	for name, parameters := range deployments {
		s := deploy(t, parameters)
		var endpoints []string
		for _, r := range s.all("AWS::EC2::VPCEndpoint") {
			service, _ := cut(str(r.attributes, "Properties", "ServiceName"), "com.amazonaws.eu-central-1.")
			endpoints = append(endpoints, service)
			if r.property("PolicyDocument") == nil {
				t.Errorf("%s: %s has no policy: it passes everything", name, r.name)
			}
		}
		slices.Sort(endpoints)
		if !slices.Equal(endpoints, want[name]) {
			t.Errorf("%s: endpoints %v, want %v", name, endpoints, want[name])
		}
		if n := len(s.all("AWS::EC2::NatGateway")); n != nats[name] {
			t.Errorf("%s: %d NAT gateways, want %d", name, n, nats[name])
		}
		for _, r := range s.all("AWS::EC2::Subnet") {
			if r.property("MapPublicIpOnLaunch") == "true" {
				t.Errorf("%s gives out public addresses", r.name)
			}
		}
	}
}

// TestWhoMayConnect: devices to the load balancer alone, the load balancer to the tasks.
func TestWhoMayConnect(t *testing.T) {
	s := deploy(t, with(required, map[string]string{"Port": "15700", "DeviceCidr": "192.0.2.0/24"}))
	for _, r := range s.all("AWS::EC2::SecurityGroup") {
		for _, rule := range list(r.property("SecurityGroupIngress")) {
			from := str(rule, "CidrIp") + str(rule, "SourceSecurityGroupId")
			want := map[string]string{"LoadBalancerSecurityGroup": "192.0.2.0/24", "TaskSecurityGroup": "LoadBalancerSecurityGroup", "EndpointSecurityGroup": "10.84.0.0/20"}[r.name]
			if from != want {
				t.Errorf("%s is open to %s, want %s", r.name, from, want)
			}
			port := str(rule, "FromPort")
			if port != str(rule, "ToPort") || !slices.Contains([]string{"15700", "8080", "443"}, port) {
				t.Errorf("%s is open on %s to %s", r.name, port, str(rule, "ToPort"))
			}
		}
		if r.property("SecurityGroupEgress") == nil {
			t.Errorf("%s may connect to everything", r.name)
		}
	}
}

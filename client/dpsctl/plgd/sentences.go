package plgd

// sentences says, for what has no counterpart, what takes its place. Keys are patterns of paths; "x.*" is all below x, and x
// itself, that has no sentence of its own. What
// stands below deviceProvisioningService is looked up without it, too.
var sentences = map[string]string{
	"clients.storage.mongodb": mongoDB,
	"clients.storage.cqldb":   mongoDB,
	"clients.storage.use":     "the storages here are bolt, one file, and dynamoDB; bolt, the default, is taken.",

	"apis.coap.tls.capool":                    "devices are judged by the certificate chain of their enrollment group.",
	"apis.coap.tls.clientcertificaterequired": "devices always show their manufacturer certificate.",

	"global.*":     "a value of the hub's chart that this service does not use.",
	"global.oauth": "OAuth clients of the hub; this service's own client stands in each group, under hub.authorization.provider.",
	"global.authorizationcapool": "roots of the OAuth server and the certificate authority: write them into a file and name it as caPool of " +
		"hub.authorization.provider.http.tls and hub.certificateAuthority.grpc.tls.",
	"global.mongouri":   mongoDB,
	"mockoauthserver.*": "a test OAuth server; the stand-in hub has one of its own: go run ./localstack/hub/cmd.",
	"mockoauthserver.oauth": "clients of the test OAuth server; the stand-in hub's (go run ./localstack/hub/cmd) take the same keys. " +
		"At a real OAuth server the clients are registered there.",
	"coapgateway.*":          "a service of the hub, which stays where it is.",
	"certificateauthority.*": "a service of the hub, which stays where it is.",
	"mongodb.*":              mongoDB,
	"kind.*":                 "part of a Kubernetes manifest, not of the configuration in it.",

	"deviceprovisioningservice.*":       "the chart's own; there is no Kubernetes deployment here: template.yaml and infra/ have parameters for size and number.",
	"deviceprovisioningservice.image.*": "which container image runs is a parameter of template.yaml.",
	"deviceprovisioningservice.image.dockerconfigsecret": "credentials of a private registry: in the cloud a parameter of template.yaml names the secret that holds them, or ECR needs none; " +
		"embedded there is no image.",
	"deviceprovisioningservice.service.*":     "devices reach the ingress itself, in the cloud through the load balancer of template.yaml.",
	"deviceprovisioningservice.service.type":  "there is no Kubernetes service: the ingress listens itself, in the cloud behind the load balancer of template.yaml.",
	"deviceprovisioningservice.ingressdomain": "the domain of the HTTP API is a parameter of template.yaml.",
	"deviceprovisioningservice.apidomain":     "the domain of the HTTP API is a parameter of template.yaml.",
}

const mongoDB = "MongoDB is not used: everything is kept in one file (clients.storage.bolt.path) or in DynamoDB; records do not move."

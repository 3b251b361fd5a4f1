/*
 * The light again, provisioned by the service: it goes through the protocol, each step once in one session, becomes what it is told, and
 * goes to its hub: it signs up, signs in, and publishes its light there.
 *
 *     provision FOLDER CERTIFICATE KEY ROOT ENDPOINT
 *
 * FOLDER keeps what the device is told (it must exist). CERTIFICATE and KEY are PEM files of who made it, ROOT is where the service's
 * certificate must lead. ENDPOINT is coaps+tcp://HOST:PORT or coaps://HOST:PORT. It prints the device's id; for each step NAME,
 * iotivity-lite's number of the answer's code, and the payload as JSON; "listening" once it has signed in; and runs until it is interrupted.
 */
#include "factory.h"
#include "light.h"

#include "oc_cloud.h"
#include "oc_core_res.h"
#include "security/oc_acl_internal.h"
#include "security/oc_certs.h"
#include "security/oc_cred_internal.h"
#include "security/oc_doxm.h"
#include "security/oc_pstat.h"
#include "security/oc_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 20 /* that the whole may take */

static const char *endpoint_text;
static oc_endpoint_t endpoint;
static char device_id[OC_UUID_LEN];

/* The first boot's: a device that knows no gateway yet. */
static void
write_gateway(void)
{
  oc_rep_set_object(root, selectedGateway);
  oc_rep_set_text_string(selectedGateway, uri, "coaps+tcp://127.0.0.1");
  oc_rep_set_text_string(selectedGateway, id, "00000000-0000-0000-0000-000000000000");
  oc_rep_close_object(root, selectedGateway);
}

static bool
write_cloud(void)
{
  oc_rep_start_root_object();
  oc_rep_set_text_string(root, di, device_id);
  write_gateway();
  oc_rep_end_root_object();
  return true;
}

static bool
write_csr(void)
{
  unsigned char request[1024];
  if (oc_certs_generate_csr(0, request, sizeof request) < 0) {
    fputs("the device cannot make a request for a certificate\n", stderr);
    return false;
  }
  oc_rep_start_root_object();
  oc_rep_set_text_string(root, di, device_id);
  oc_rep_set_object(root, csr);
  oc_rep_set_text_string(csr, data, (const char *)request);
  oc_rep_set_text_string(csr, encoding, "oic.sec.encoding.pem");
  oc_rep_close_object(root, csr);
  write_gateway();
  oc_rep_end_root_object();
  return true;
}

static bool
apply_nothing(oc_rep_t *answer)
{
  return answer != NULL;
}

static char gateway[256], token[4096], hub[OC_UUID_LEN], provider[64];

static bool
copy(oc_rep_t *answer, const char *key, char *into, size_t room)
{
  char *text;
  size_t size;
  if (!oc_rep_get_string(answer, key, &text, &size) || size >= room) {
    return false;
  }
  memcpy(into, text, size + 1);
  return true;
}

static bool
apply_cloud(oc_rep_t *answer)
{
  return copy(answer, "cis", gateway, sizeof gateway) && copy(answer, "at", token, sizeof token) &&
         copy(answer, "sid", hub, sizeof hub) && copy(answer, "apn", provider, sizeof provider);
}

static bool
apply_owner(oc_rep_t *answer)
{
  char *text;
  size_t size;
  if (!oc_rep_get_string(answer, "devowneruuid", &text, &size)) {
    return false;
  }
  oc_uuid_t owner;
  oc_str_to_uuid(text, &owner);
  oc_sec_doxm_t *doxm = oc_sec_get_doxm(0);
  doxm->devowneruuid = doxm->rowneruuid = owner;
  oc_sec_get_pstat(0)->rowneruuid = oc_sec_get_creds(0)->rowneruuid = oc_sec_get_acl(0)->rowneruuid = owner;
  return true;
}

static bool
apply_credentials(oc_rep_t *answer)
{
  return oc_sec_decode_cred(answer, NULL, false, false, NULL, 0);
}

static bool
apply_acls(oc_rep_t *answer)
{
  return oc_sec_decode_acl(answer, false, 0);
}

static const struct step
{
  const char *name, *path;
  bool (*write)(void); /* NULL: it is asked for */
  bool (*apply)(oc_rep_t *answer);
} steps[] = {
  { "time", "/x.plgd.dev/time", NULL, apply_nothing },
  { "ownership", "/api/v1/provisioning/ownership", NULL, apply_owner },
  { "cloud-configuration", "/api/v1/provisioning/cloud-configuration", write_cloud, apply_cloud },
  { "credentials", "/api/v1/provisioning/credentials", write_csr, apply_credentials },
  { "acls", "/api/v1/provisioning/acls", NULL, apply_acls },
};

#define STEPS (sizeof steps / sizeof steps[0])

static size_t at;

static void say(void);

static void
print(const char *name, int code, oc_rep_t *payload)
{
  size_t size = oc_rep_to_json(payload, NULL, 0, false) + 1;
  char *text = malloc(size);
  if (text == NULL) {
    abort();
  }
  text[0] = 0;
  oc_rep_to_json(payload, text, size, false);
  printf("%s %d %s\n", name, code, text);
  fflush(stdout);
  free(text);
}

static bool there;

static void
hub_says(oc_cloud_context_t *context, oc_cloud_status_t status, void *data)
{
  (void)context;
  (void)data;
  if ((status & OC_CLOUD_LOGGED_IN) && !there) {
    there = true;
    puts("listening");
    fflush(stdout);
  }
}

static void
go_to_hub(void)
{
  oc_cloud_context_t *context = oc_cloud_get_context(0);
  oc_cloud_add_resource(oc_ri_get_app_resource_by_uri("/light/1", strlen("/light/1"), 0));
  if (oc_cloud_manager_start(context, hub_says, NULL) != 0 || oc_cloud_provision_conf_resource(context, gateway, token, hub, provider) != 0) {
    fputs("the device cannot go to its hub\n", stderr);
    factory_end(1);
  }
}

static void
answered(oc_client_response_t *answer)
{
  const struct step *step = &steps[at++];
  print(step->name, (int)answer->code, answer->payload);
  oc_sec_get_pstat(0)->s = OC_DOS_RFPRO;
  if (!step->apply(answer->payload)) {
    fprintf(stderr, "the device does not take the answer to %s\n", step->name);
    factory_end(1);
    return;
  }
  oc_sec_get_pstat(0)->s = OC_DOS_RFNOP;
  if (at < STEPS) {
    say();
    return;
  }
  oc_sec_get_doxm(0)->owned = oc_sec_get_pstat(0)->isop = true;
  go_to_hub();
}

static void
say(void)
{
  const struct step *step = &steps[at];
  bool sent = step->write == NULL ? oc_do_get(step->path, &endpoint, NULL, answered, HIGH_QOS, NULL)
                                  : oc_init_post(step->path, &endpoint, NULL, answered, HIGH_QOS, NULL) && step->write() && oc_do_post();
  if (!sent) {
    fprintf(stderr, "%s cannot be sent\n", step->name);
    factory_end(1);
  }
}

static oc_event_callback_retval_t
give_up(void *data)
{
  (void)data;
  if (!there) {
    fprintf(stderr, "no answer to %s\n", at < STEPS ? steps[at].name : "signing in at the hub");
    factory_end(1);
  }
  return OC_EVENT_DONE;
}

static void
begin(void)
{
  oc_uuid_to_str(oc_core_get_device_id(0), device_id, sizeof device_id);
  printf("device %s\n", device_id);
  oc_string_t text;
  oc_new_string(&text, endpoint_text, strlen(endpoint_text));
  int bad = oc_string_to_endpoint(&text, &endpoint, NULL);
  oc_free_string(&text);
  if (bad != 0) {
    fprintf(stderr, "%s is no endpoint\n", endpoint_text);
    factory_end(2);
    return;
  }
  oc_set_delayed_callback(NULL, give_up, SECONDS);
  /* A device that nobody owns speaks to nobody, unless its firmware changes that, as firmware for such a service does. */
  oc_sec_get_pstat(0)->s = OC_DOS_RFNOP;
  oc_tls_select_cloud_ciphersuite();
  say();
}

int
main(int count, char **values)
{
  if (count != 6) {
    fputs("provision FOLDER CERTIFICATE KEY ROOT ENDPOINT\n", stderr);
    return 2;
  }
  static const oc_handler_t handler = { .init = light_start, .signal_event_loop = factory_signal, .register_resources = light_resources };
  factory_files(values[2], values[3], values[4]);
  endpoint_text = values[5];
  return factory_run(values[1], &handler, begin);
}

/*
 * A light made of iotivity-lite, OCF's reference implementation for devices: what the d2d client must get along with.
 *
 *     device FOLDER CERTIFICATE KEY ROOT
 *
 * FOLDER keeps what the device is told (it must exist). CERTIFICATE, KEY and ROOT are PEM files: who made it. It runs until it is
 * interrupted, and prints a line when it listens.
 */
#include "oc_api.h"
#include "oc_pki.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#define MAX_PEM (16 * 1024)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static volatile sig_atomic_t over;

static char **arguments;
static bool state;
static int power;

static int
start(void)
{
  int failed = oc_init_platform("Acme", NULL, NULL);
  return failed | oc_add_device("/oic/d", "oic.d.light", "iotivity-lamp", "ocf.2.2.5", "ocf.res.1.3.0,ocf.sh.1.3.0", NULL, NULL);
}

static void
get(oc_request_t *request, oc_interface_mask_t interface, void *data)
{
  (void)data;
  oc_rep_start_root_object();
  if (interface == OC_IF_BASELINE) {
    oc_process_baseline_interface(request->resource);
  }
  oc_rep_set_boolean(root, state, state);
  oc_rep_set_int(root, power, power);
  oc_rep_end_root_object();
  oc_send_response(request, OC_STATUS_OK);
}

static void
post(oc_request_t *request, oc_interface_mask_t interface, void *data)
{
  (void)interface;
  (void)data;
  for (oc_rep_t *value = request->request_payload; value != NULL; value = value->next) {
    switch (value->type) {
    case OC_REP_BOOL:
      state = value->value.boolean;
      break;
    case OC_REP_INT:
      power = (int)value->value.integer;
      break;
    default:
      oc_send_response(request, OC_STATUS_BAD_REQUEST);
      return;
    }
  }
  oc_send_response(request, OC_STATUS_CHANGED);
}

static void
resources(void)
{
  oc_resource_t *light = oc_new_resource("light", "/light/1", 1, 0);
  oc_resource_bind_resource_type(light, "core.light");
  oc_resource_bind_resource_interface(light, OC_IF_RW);
  oc_resource_set_default_interface(light, OC_IF_RW);
  oc_resource_set_discoverable(light, true);
  oc_resource_set_request_handler(light, OC_GET, get, NULL);
  oc_resource_set_request_handler(light, OC_POST, post, NULL);
  oc_add_resource(light);
}

/* read_pem gives the number of bytes; a zero, which the parser wants, stands behind them. */
static size_t
read_pem(const char *name, unsigned char *into)
{
  FILE *file = fopen(name, "rb");
  if (file == NULL) {
    perror(name);
    return 0;
  }
  size_t size = fread(into, 1, MAX_PEM - 1, file);
  fclose(file);
  into[size] = 0;
  return size;
}

static void
made(size_t device, void *data)
{
  (void)data;
  static unsigned char certificate[MAX_PEM], key[MAX_PEM], trusted[MAX_PEM];
  size_t certificate_size = read_pem(arguments[2], certificate);
  size_t key_size = read_pem(arguments[3], key);
  size_t trusted_size = read_pem(arguments[4], trusted);
  int id = oc_pki_add_mfg_cert(device, certificate, certificate_size, key, key_size);
  if (id < 0 || oc_pki_add_mfg_trust_anchor(device, trusted, trusted_size) < 0) {
    fputs("the manufacturer's certificate, its key or root is of no use\n", stderr);
    over = 1;
    return;
  }
  oc_pki_set_security_profile(device, OC_SP_BLACK, OC_SP_BLACK, id);
}

static void
signal_event_loop(void)
{
  pthread_mutex_lock(&mutex);
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&mutex);
}

static void
interrupted(int signal)
{
  (void)signal;
  over = 1;
}

/* rest waits for the network, or until the next thing is due; at most a second, in which an interrupt may have come. */
static void
rest(oc_clock_time_t due)
{
  oc_clock_time_t soon = oc_clock_time() + OC_CLOCK_SECOND;
  if (due == 0 || due > soon) {
    due = soon;
  }
  struct timespec until = { .tv_sec = (time_t)(due / OC_CLOCK_SECOND),
                            .tv_nsec = (long)(due % OC_CLOCK_SECOND) * (1000000000L / OC_CLOCK_SECOND) };
  pthread_mutex_lock(&mutex);
  pthread_cond_timedwait(&wake, &mutex, &until);
  pthread_mutex_unlock(&mutex);
}

int
main(int count, char **values)
{
  if (count != 5) {
    fputs("device FOLDER CERTIFICATE KEY ROOT\n", stderr);
    return 2;
  }
  arguments = values;
  struct sigaction action = { .sa_handler = interrupted };
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  static const oc_handler_t handler = { .init = start, .signal_event_loop = signal_event_loop, .register_resources = resources };
  oc_set_con_res_announced(false);
  oc_set_mtu_size(16384);
  oc_set_max_app_data_size(16384);
  oc_storage_config(values[1]);
  oc_set_factory_presets_cb(made, NULL);
  if (oc_main_init(&handler) < 0) {
    fputs("iotivity-lite does not start\n", stderr);
    return 1;
  }
  puts("listening");
  fflush(stdout);
  while (!over) {
    rest(oc_main_poll());
  }
  oc_main_shutdown();
  return 0;
}

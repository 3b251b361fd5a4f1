#include "factory.h"

#include "oc_pki.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#define MAX_PEM (16 * 1024)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static volatile sig_atomic_t over;
static int exit_status;
static const char *certificate_file, *key_file, *root_file;

void
factory_files(const char *certificate, const char *key, const char *root)
{
  certificate_file = certificate;
  key_file = key;
  root_file = root;
}

void
factory_end(int status)
{
  exit_status = status;
  over = 1;
}

void
factory_signal(void)
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
  static unsigned char certificate[MAX_PEM], key[MAX_PEM], root[MAX_PEM];
  size_t certificate_size = read_pem(certificate_file, certificate);
  size_t key_size = read_pem(key_file, key);
  size_t root_size = read_pem(root_file, root);
  int id = oc_pki_add_mfg_cert(device, certificate, certificate_size, key, key_size);
  if (id < 0 || oc_pki_add_mfg_trust_anchor(device, root, root_size) < 0) {
    fputs("the manufacturer's certificate, its key or the root is of no use\n", stderr);
    factory_end(1);
    return;
  }
  oc_pki_set_security_profile(device, OC_SP_BLACK, OC_SP_BLACK, id);
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
factory_run(const char *folder, const oc_handler_t *handler, void (*ready)(void))
{
  struct sigaction action = { .sa_handler = interrupted };
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  oc_set_con_res_announced(false);
  oc_set_mtu_size(16384);
  oc_set_max_app_data_size(16384);
  oc_storage_config(folder);
  oc_set_factory_presets_cb(made, NULL);
  if (oc_main_init(handler) < 0) {
    fputs("iotivity-lite does not start\n", stderr);
    return 1;
  }
  ready();
  while (!over) {
    rest(oc_main_poll());
  }
  oc_main_shutdown();
  return exit_status;
}

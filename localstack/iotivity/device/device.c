/*
 * A light made of iotivity-lite, OCF's reference implementation for devices, fresh from the factory.
 *
 *     device FOLDER CERTIFICATE KEY ROOT
 *
 * FOLDER keeps what the device is told (it must exist). CERTIFICATE, KEY and ROOT are PEM files: who made it. It prints "listening",
 * and runs until it is interrupted.
 */
#include "factory.h"
#include "light.h"

#include <stdio.h>

static void
listening(void)
{
  puts("listening");
  fflush(stdout);
}

int
main(int count, char **values)
{
  if (count != 5) {
    fputs("device FOLDER CERTIFICATE KEY ROOT\n", stderr);
    return 2;
  }
  static const oc_handler_t handler = { .init = light_start, .signal_event_loop = factory_signal, .register_resources = light_resources };
  factory_files(values[2], values[3], values[4]);
  return factory_run(values[1], &handler, listening);
}

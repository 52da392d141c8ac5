/* An LD_PRELOAD library that resolves dynamodb.test.invalid to 127.0.0.1, but not while the file $NAMES_AWAY exists. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*getaddrinfo_function)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  getaddrinfo_function next = (getaddrinfo_function)dlsym(RTLD_NEXT, "getaddrinfo");
  const char *away = getenv("NAMES_AWAY");

  if (node == NULL || strcmp(node, "dynamodb.test.invalid") != 0)
    return next(node, service, hints, result);
  if (away != NULL && access(away, F_OK) == 0)
    return EAI_AGAIN;
  return next("127.0.0.1", service, hints, result);
}

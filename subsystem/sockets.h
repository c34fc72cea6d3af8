/* SPDX-License-Identifier: ISC */
/* sockets - addresses to listen on, and addresses as text and as a key to count by. */
#ifndef SL_SUBSYSTEM_SOCKETS_H
#define SL_SUBSYSTEM_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "subsystem/configuration.h"

#define SL_ADDRESS_TEXT 96u

/* A bound, listening, non-blocking socket. SL_E_CONNECT. */
enum sl_code sl_socket_listen(const struct sl_listen *where, int *fd, struct sl_error *err);
/* One from outside: SL_E_CONFIG unless it listens, for of another poll would tell for ever that it is ready. */
enum sl_code sl_socket_adopt(int fd, struct sl_error *err);

/* "192.0.2.1:8730", "[2001:db8::1]:8730"; text has SL_ADDRESS_TEXT bytes. */
void sl_socket_name(const struct sockaddr *a, socklen_t len, char *text);

/* Who counts as one: an IPv4 address, or the 64 bits of IPv6 that one customer has at least. All zero when it is neither. */
struct sl_source { uint8_t bytes[16]; };
struct sl_source sl_source_of(const struct sockaddr *a);
bool sl_source_same(const struct sl_source *a, const struct sl_source *b);

#endif

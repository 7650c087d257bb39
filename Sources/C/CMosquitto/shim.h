#pragma once
#include <mosquitto.h>
#include <mqtt_protocol.h>

// `char *const *`, which Swift has no conversion to from an array of texts.
static inline int flotilla_mosquitto_subscribe(struct mosquitto *client, int *id, int count,
                                               char **filters, int qos) {
    return mosquitto_subscribe_multiple(client, id, count, filters, qos, 0, NULL);
}

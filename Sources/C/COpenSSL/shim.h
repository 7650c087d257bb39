#pragma once
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Function-like macros, which Swift cannot see.
static inline long flotilla_ssl_set_host_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name);
}
static inline long flotilla_ssl_ctx_set_min_proto_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}
static inline long flotilla_ssl_ctx_set_groups(SSL_CTX *context, const char *names) {
    return SSL_CTX_set1_groups_list(context, names);
}
static inline long flotilla_ssl_ctx_set_signature_algorithms(SSL_CTX *context, const char *names) {
    return SSL_CTX_set1_sigalgs_list(context, names);
}
static inline long flotilla_ssl_ctx_set_mode(SSL_CTX *context, long mode) {
    return SSL_CTX_set_mode(context, mode);
}
static inline void flotilla_bio_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void flotilla_bio_set_retry_write(BIO *bio) { BIO_set_retry_write(bio); }

// SHA-1 and SHA-256 by the interface that needs nothing started and nothing allocated. OpenSSL 3 calls it
// deprecated; it is there as long as libcrypto.so.3 is.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline int flotilla_sha1_init(SHA_CTX *context) { return SHA1_Init(context); }
static inline int flotilla_sha1_update(SHA_CTX *context, const void *bytes, size_t count) {
    return SHA1_Update(context, bytes, count);
}
static inline int flotilla_sha1_final(unsigned char *digest, SHA_CTX *context) {
    return SHA1_Final(digest, context);
}
static inline int flotilla_sha256_init(SHA256_CTX *context) { return SHA256_Init(context); }
static inline int flotilla_sha256_update(SHA256_CTX *context, const void *bytes, size_t count) {
    return SHA256_Update(context, bytes, count);
}
static inline int flotilla_sha256_final(unsigned char *digest, SHA256_CTX *context) {
    return SHA256_Final(digest, context);
}
#pragma GCC diagnostic pop

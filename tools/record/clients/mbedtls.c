/* mbedtls HOST…: one handshake with each, in the library's default configuration; TLS12 in the environment caps it. */
#include <mbedtls/build_info.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#if defined(MBEDTLS_PSA_CRYPTO_C)
#include <psa/crypto.h>
#endif
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        mbedtls_net_context net;
        mbedtls_ssl_context ssl;
        mbedtls_ssl_config config;
        mbedtls_entropy_context entropy;
        mbedtls_ctr_drbg_context random;
        mbedtls_net_init(&net);
        mbedtls_ssl_init(&ssl);
        mbedtls_ssl_config_init(&config);
        mbedtls_entropy_init(&entropy);
        mbedtls_ctr_drbg_init(&random);
#if defined(MBEDTLS_PSA_CRYPTO_C)
        psa_crypto_init();
#endif
        mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0);
        if (mbedtls_net_connect(&net, argv[i], "443", MBEDTLS_NET_PROTO_TCP) != 0) return 1;
        mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
        mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_NONE);
        mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
        if (getenv("TLS12")) mbedtls_ssl_conf_max_tls_version(&config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
        mbedtls_ssl_setup(&ssl, &config);
        mbedtls_ssl_set_hostname(&ssl, argv[i]);
        mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
        while (mbedtls_ssl_handshake(&ssl) > 0) { }
        mbedtls_ssl_close_notify(&ssl);
        mbedtls_net_free(&net);
    }
    return 0;
}

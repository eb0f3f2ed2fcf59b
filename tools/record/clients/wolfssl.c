/* wolfssl HOST…: a handshake with each, and a second with its session; TLS12 in the environment caps it. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static int dial(const char *host)
{
    struct addrinfo hints, *found;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, "443", &hints, &found) != 0) return -1;
    int fd = socket(found->ai_family, SOCK_STREAM, 0);
    return connect(fd, found->ai_addr, found->ai_addrlen) == 0 ? fd : -1;
}
int main(int argc, char **argv)
{
    wolfSSL_Init();
    WOLFSSL_CTX *context = wolfSSL_CTX_new(getenv("TLS12") ? wolfTLSv1_2_client_method() : wolfSSLv23_client_method());
    wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
    for (int i = 1; i < argc; i++) {
        WOLFSSL *ssl = wolfSSL_new(context);
        char page[4096];
        wolfSSL_set_fd(ssl, dial(argv[i]));
        wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, argv[i], (unsigned short)strlen(argv[i]));
        if (wolfSSL_connect(ssl) == WOLFSSL_SUCCESS) {
            wolfSSL_write(ssl, "GET /0 HTTP/1.0\r\n\r\n", 19);
            while (wolfSSL_read(ssl, page, sizeof page) > 0) { }
        }
        wolfSSL_shutdown(ssl);
        close(wolfSSL_get_fd(ssl));
        wolfSSL_free(ssl);
    }
    return 0;
}

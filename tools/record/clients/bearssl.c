/* bearssl HOST…: one handshake with each, with the library's full profile. */
#include <bearssl.h>
#include <netdb.h>
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
static int receive(void *ctx, unsigned char *buf, size_t len) { ssize_t n = read(*(int *)ctx, buf, len); return n <= 0 ? -1 : (int)n; }
static int transmit(void *ctx, const unsigned char *buf, size_t len) { ssize_t n = write(*(int *)ctx, buf, len); return n <= 0 ? -1 : (int)n; }
int main(int argc, char **argv)
{
    static unsigned char buffer[BR_SSL_BUFSIZE_BIDI];
    for (int i = 1; i < argc; i++) {
        int fd = dial(argv[i]);
        br_ssl_client_context client;
        br_x509_minimal_context x509;
        br_sslio_context io;
        br_ssl_client_init_full(&client, &x509, NULL, 0);
        br_ssl_engine_set_buffer(&client.eng, buffer, sizeof buffer, 1);
        br_ssl_client_reset(&client, argv[i], 0);
        br_sslio_init(&io, &client.eng, receive, &fd, transmit, &fd);
        br_sslio_write_all(&io, "GET /0 HTTP/1.0\r\n\r\n", 19);
        br_sslio_flush(&io);
        close(fd);
    }
    return 0;
}

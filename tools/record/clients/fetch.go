// GET of the URL in argv[1], following redirects; argv[2]: "" | h1 | tls12 | tls13 | sessions | p256 | ciphers | noalpn
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	config := &tls.Config{InsecureSkipVerify: true}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	switch os.Args[2] {
	case "h1":
		transport.ForceAttemptHTTP2 = false
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	case "tls12":
		config.MaxVersion = tls.VersionTLS12
	case "tls13":
		config.MinVersion = tls.VersionTLS13
	case "sessions":
		config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	case "p256":
		config.CurvePreferences = []tls.CurveID{tls.CurveP256}
	case "ciphers":
		config.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}
		config.MaxVersion = tls.VersionTLS12
	}
	client := &http.Client{Transport: transport}
	response, err := client.Get(os.Args[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	io.Copy(os.Stdout, response.Body)
}

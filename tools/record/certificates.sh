#!/bin/bash
# Makes the certificates of the recording servers in the current folder.
set -eu
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Recording CA" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem
names="subjectAltName=DNS:www.alpha.test,DNS:b.test,DNS:static.long-name.example-shop.test,DNS:localhost"
names="$names,IP:127.0.0.11,IP:127.0.0.12,IP:127.0.0.13,IP:127.0.0.1"
sign() {
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 390 -out "$1.pem" \
    -extfile <(printf '%s\nextendedKeyUsage=serverAuth\n' "$names")
}
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=www.alpha.test" -keyout ec.key -out ec.csr
sign ec
openssl req -newkey rsa:2048 -nodes -subj "/CN=www.alpha.test" -keyout rsa.key -out rsa.csr
sign rsa
cp ca.pem certs/ca-certificates.crt
cp ca.pem certs/recording-ca.pem
openssl rehash certs
# OpenSSL 1.0 looks for the older hash
ln -sf recording-ca.pem "certs/$(openssl x509 -subject_hash_old -noout -in ca.pem).0"
openssl pkcs12 -export -nokeys -in ca.pem -caname recording -jdktrust anyExtendedKeyUsage -passout pass:changeit \
  -out ca.p12 2>/dev/null || keytool -importcert -noprompt -alias recording -file ca.pem -storetype PKCS12 \
  -storepass changeit -keystore ca.p12
cp ca.p12 certs/java/cacerts

#!/bin/sh
# workerd.sh WORKERD URL: has a worker fetch the URL
set -eu
cp "$CA" ca.pem
cat > config.capnp <<'END'
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (serviceWorkerScript = embed "worker.js", compatibilityDate = "2023-05-01")),
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustedCertificates = [embed "ca.pem"]))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8080", http = (), service = "main")],
);
END
cat > worker.js <<'END'
addEventListener('fetch', (event) => event.respondWith(fetch(new URL(event.request.url).searchParams.get('u'))))
END
"$1" serve config.capnp & sleep 2
curl -s "http://127.0.0.1:8080/?u=$2"

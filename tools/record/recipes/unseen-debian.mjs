// Programs of Debian sid, recorded to try the base on what it had not learnt: programs of other languages, security scanners,
// servers that fetch, Java of other releases, and browsers with settings of their own.

import { untilVisited } from '../names.mjs'

const ROOT = 'sid'
const lib = (...packages) =>
  `run:dpkg-query -W -f '\${Version}\\n' ${packages.join(' ')} 2>/dev/null | grep . | head -n 1`
const OPENSSL = { library: 'OpenSSL', libraryVersion: lib('libssl3t64') }
const goOf = (binary) => ({
  library: 'Go crypto/tls',
  libraryVersion: `run:grep -aoE 'go1[.][0-9]+([.][0-9]+)?' $(which ${binary}) | sort | uniq -c | sort -rn | awk '{ print $2; exit }'`,
})
const rustlsOf = (binary) => ({
  library: 'rustls',
  libraryVersion: `run:grep -aoE 'rustls-0[.][0-9]+[.][0-9]+' $(which ${binary}) | sort | uniq -c | sort -rn | awk '{ print $2; exit }'`,
})
/** The Haskell library's own version, which its programs name. */
const haskellOf = (binary) => ({
  library: 'Haskell tls',
  libraryVersion: `run:grep -aoE 'tls-[1-9][.][0-9]+[.][0-9]+' $(which ${binary}) | sort | uniq -c | sort -rn | awk '{ print $2; exit }'`,
})

const each = (command) => `for n in $NAMES; do timeout 8 ${command}; done`
const program = (name, client, library, command, more = {}) => ({
  label: `${name}-${ROOT}`,
  root: ROOT,
  ...library,
  client,
  clientVersion: `deb:${more.deb ?? name}`,
  needs: `which ${more.binary ?? name}`,
  cmd: command,
  connections: 4,
  ...more,
})

const programs = [
  program(
    'git-annex',
    'git-annex',
    haskellOf('git-annex'),
    `git init -q; git config user.email a@b; git config user.name a; git annex init -q; git config annex.security.allowed-ip-addresses all; ${each('git annex addurl --raw https://$n/0')}`,
  ),
  program('darcs', 'darcs', haskellOf('darcs'), each('darcs clone https://$n/0 d$RANDOM')),
  program(
    'swi-prolog',
    'SWI-Prolog',
    OPENSSL,
    each(
      `swipl -g "use_module(library(http/http_open)),http_open('https://\${n}/0',S,[cert_verify_hook(cert_accept_any)]),close(S)" -t halt`,
    ),
    { binary: 'swipl', deb: 'swi-prolog-nox' },
  ),
  program(
    'gauche',
    'Gauche',
    { library: 'Mbed TLS', libraryVersion: lib('libmbedtls21', 'libmbedtls22', 'libmbedtls23') },
    each(`gosh -e "(use rfc.http) (http-get \\"$n\\" \\"/0\\" :secure #t)" -e "(exit)"`),
    { binary: 'gosh' },
  ),
  program('httrack', 'HTTrack', OPENSSL, each('httrack https://$n/0 -r1 -O h$RANDOM')),
  program('yt-dlp', 'yt-dlp', OPENSSL, each('yt-dlp --no-check-certificates https://$n/0')),
  program(
    'yt-dlp-legacy',
    'yt-dlp',
    OPENSSL,
    each('yt-dlp --legacy-server-connect --no-check-certificates https://$n/0'),
    { binary: 'yt-dlp', deb: 'yt-dlp', configuration: '--legacy-server-connect' },
  ),
  program(
    'streamlink',
    'streamlink',
    OPENSSL,
    each('streamlink --http-no-ssl-verify -o /dev/null -f httpstream://https://$n/0 best'),
  ),
  program(
    'gallery-dl',
    'gallery-dl',
    OPENSSL,
    each('gallery-dl --no-check-certificate r:https://$n/0'),
  ),
  program(
    'tealdeer',
    'tealdeer',
    rustlsOf('tldr'),
    `export SSL_CERT_FILE=$CA; mkdir -p .config/tealdeer; ${each('sh -c \'printf "[updates]\\narchive_source = \\"https://$n/\\"\\n" > .config/tealdeer/config.toml; tldr --update\' sh')}`.replace(
      'for n in',
      'export n; for n in',
    ),
    { binary: 'tldr' },
  ),
  program(
    'ffuf',
    'ffuf',
    goOf('ffuf'),
    `printf '0\\n' > w; ${each('ffuf -u https://$n/FUZZ -w w')}`,
  ),
  program(
    'gobuster',
    'gobuster',
    goOf('gobuster'),
    `printf '0\\n' > w; ${each('gobuster dir -k -u https://$n/ -w w --wildcard')}; ${each('gobuster dir -k -u https://$n/ -w w')}`,
  ),
  program(
    'git-lfs',
    'git-lfs',
    goOf('git-lfs'),
    `git init -q r; cd r; git config http.sslVerify false; git config lfs.locksverify false; ${each('git -c lfs.url=https://$n/ lfs locks')}`,
  ),
  program(
    'lego',
    'lego',
    goOf('lego'),
    `export LEGO_CA_CERTIFICATES=$CA; ${each('lego --server https://$n/directory --email a@b.test --domains a.test --http --accept-tos run')}`,
  ),
  program(
    'blackbox-exporter',
    'prometheus-blackbox-exporter',
    goOf('prometheus-blackbox-exporter'),
    `printf 'modules:\\n  a:\\n    prober: http\\n    http: { tls_config: { insecure_skip_verify: true } }\\n' > b.yml; prometheus-blackbox-exporter --config.file=b.yml & sleep 2; ${each('curl -s "http://127.0.0.1:9115/probe?module=a&target=https://$n/0"')}`,
    { binary: 'prometheus-blackbox-exporter', deb: 'prometheus-blackbox-exporter' },
  ),
  program('hydra', 'Hydra', OPENSSL, each('hydra -l a -p b -t 1 $n https-get /0')),
  program('whatweb', 'WhatWeb', OPENSSL, each('whatweb https://$n/0')),
  program(
    'sqlmap',
    'sqlmap',
    OPENSSL,
    each('sqlmap --batch -u "https://$n/0?a=1" --timeout 3 --retries 0'),
  ),
  program('wfuzz', 'wfuzz', OPENSSL, `printf '0\\n' > w; ${each('wfuzz -w w https://$n/FUZZ')}`),
  program('dirb', 'DIRB', OPENSSL, `printf '0\\n' > w; ${each('dirb https://$n/ w -S')}`),
  program(
    'check-http',
    'check_http',
    OPENSSL,
    each('/usr/lib/nagios/plugins/check_http -S -H $n -u /0'),
    { needs: 'test -e /usr/lib/nagios/plugins/check_http', deb: 'monitoring-plugins-basic' },
  ),
  program(
    'check-http-sni12',
    'check_http',
    OPENSSL,
    each('/usr/lib/nagios/plugins/check_http -S1.2 --sni -H $n -u /0'),
    {
      needs: 'test -e /usr/lib/nagios/plugins/check_http',
      deb: 'monitoring-plugins-basic',
      configuration: '-S1.2 --sni',
    },
  ),
  program(
    'haproxy',
    'HAProxy health check',
    OPENSSL,
    `{ printf 'global\\n  maxconn 9\\ndefaults\\n  mode http\\n  timeout connect 2s\\n  timeout client 2s\\n  timeout server 2s\\nlisten a\\n  bind 127.0.0.1:8000\\n'; for n in $NAMES; do printf "  server s$RANDOM $n:443 ssl verify none check inter 1s sni str($n)\\n"; done; } > h.cfg; timeout 6 haproxy -f h.cfg`,
  ),
  program(
    'nginx-proxy',
    'nginx proxy_pass',
    OPENSSL,
    `printf 'daemon off; pid n.pid; error_log stderr; events {} http { access_log off; server { listen 127.0.0.1:8000; location / { proxy_ssl_server_name on; resolver 127.0.0.1; proxy_pass https://www.alpha.test; } } }' > n.conf; timeout 8 nginx -p $PWD -c $PWD/n.conf & sleep 2; for i in 1 2 3; do curl -s http://127.0.0.1:8000/0; done`,
    { binary: 'nginx', deb: 'nginx-light' },
  ),
  program(
    'squid',
    'Squid',
    OPENSSL,
    `printf "http_port 127.0.0.1:3128\\nhttp_access allow all\\ncache_peer www.alpha.test parent 443 0 no-query originserver tls tls-flags=DONT_VERIFY_PEER\\nnever_direct allow all\\npid_filename none\\ncache_log $PWD/c.log\\naccess_log none\\n" > s.conf; chmod 777 .; timeout 15 squid -N -f s.conf & sleep 5; for i in 1 2 3; do curl -s -x http://127.0.0.1:3128 http://www.alpha.test/0; done`,
    { deb: 'squid-openssl' },
  ),
  program(
    'nim',
    'Nim httpclient',
    OPENSSL,
    `printf 'import httpclient, os, net\\nfor n in commandLineParams():\\n  try: discard newHttpClient(sslContext = newContext(verifyMode = CVerifyNone)).getContent("https://" & n & "/0")\\n  except: discard\\n' > f.nim; nim c -d:ssl --hints:off f.nim; ./f $NAMES`,
    { seconds: 90, binary: 'nim' },
  ),
  program(
    'crystal',
    'Crystal HTTP::Client',
    OPENSSL,
    `printf 'require "http/client"\\nARGV.each { |n| t = OpenSSL::SSL::Context::Client.insecure; HTTP::Client.new(n, tls: t).get("/0") }\\n' > f.cr; crystal run f.cr -- $NAMES`,
    { seconds: 120 },
  ),
  program(
    'rtorrent',
    'rTorrent',
    OPENSSL,
    `(Xvfb :9 &); ${each('script -qc "rtorrent -n -o network.http.ssl_verify_peer.set=0 https://$n/a.torrent" /dev/null')}`,
    { needs: 'ldd $(which rtorrent) | grep -qE "libcurl.so|libssl"' },
  ),
  program(
    'elixir-httpc',
    'httpc',
    { library: 'Erlang/OTP ssl', libraryVersion: lib('erlang-ssl') },
    `elixir -e ':ssl.start(); :inets.start(); for n <- System.argv(), do: :httpc.request(:get, {String.to_charlist("https://" <> n <> "/0"), []}, [ssl: [verify: :verify_none]], [])' -- $NAMES`,
    { binary: 'elixir', deb: 'erlang-inets' },
  ),
  program(
    'erlang-ssl-eccs',
    'ssl:connect',
    { library: 'Erlang/OTP ssl', libraryVersion: lib('erlang-ssl') },
    `erl -noshell -eval 'ssl:start(), [ssl:connect(N, 443, [{verify, verify_none}, {versions, [\\'"'"'tlsv1.2'"'"', \\'"'"'tlsv1.3'"'"']}, {alpn_advertised_protocols, [<<"h2">>]}]) || N <- init:get_plain_arguments()], halt().' -extra $NAMES`,
    { binary: 'erl', deb: 'erlang-ssl', configuration: 'ALPN h2' },
  ),
  program(
    'mojolicious',
    'Mojo::UserAgent',
    OPENSSL,
    each(
      "perl -MMojo::UserAgent -e \"Mojo::UserAgent->new(insecure => 1)->get('https://' . shift . '/0')\" $n",
    ),
    { binary: 'mojo', deb: 'libmojolicious-perl' },
  ),
  program(
    'curl-chacha-curves',
    'curl',
    OPENSSL,
    each('curl -sk --ciphers ECDHE+CHACHA20:ECDHE+AESGCM --curves X25519:P-256 https://$n/0'),
    { binary: 'curl', deb: 'curl', configuration: '--ciphers, --curves' },
  ),
  program(
    'curl-seclevel0',
    'curl',
    OPENSSL,
    each('curl -sk --ciphers DEFAULT@SECLEVEL=0 --tls-max 1.2 https://$n/0'),
    { binary: 'curl', deb: 'curl', configuration: 'SECLEVEL=0, TLS 1.2 at most' },
  ),
  program(
    'openssl-mintls',
    'openssl s_client',
    OPENSSL,
    each(
      'sh -c "openssl s_client -connect $n:443 -servername $n -groups X25519MLKEM768 -sigalgs RSA-PSS+SHA256:ECDSA+SHA256 </dev/null"',
    ).replace('for n', 'export n; for n'),
    {
      binary: 'openssl',
      deb: 'openssl',
      configuration: '-groups X25519MLKEM768 -sigalgs RSA-PSS+SHA256:ECDSA+SHA256',
    },
  ),
  program(
    'python-ciphers',
    'Python urllib',
    OPENSSL,
    `python3 - <<'END'
import os, ssl, urllib.request
c = ssl._create_unverified_context(); c.set_ciphers('ECDHE+AESGCM'); c.minimum_version = ssl.TLSVersion.TLSv1_2; c.set_alpn_protocols(['h2', 'http/1.1'])
for n in os.environ['NAMES'].split(): urllib.request.urlopen('https://' + n + '/0', context=c).read()
END`,
    { binary: 'python3', deb: 'python3', configuration: 'set_ciphers ECDHE+AESGCM, ALPN' },
  ),
  ...[8, 25, 26].flatMap((release) => {
    const home = `/usr/lib/jvm/java-${release}-openjdk-amd64`
    const java = (name, options, configuration) =>
      program(
        `java${release}${name}`,
        'HttpsURLConnection',
        { library: 'JSSE', libraryVersion: lib(`openjdk-${release}-jre-headless`) },
        `printf 'import java.net.*; import javax.net.ssl.*; public class F { public static void main(String[] a) throws Exception { for (String n : a) { try { HttpsURLConnection c = (HttpsURLConnection) new URL("https://" + n + "/0").openConnection(); c.getResponseCode(); } catch (Exception e) { System.out.println(e); } } } }' > F.java; ${home}/bin/javac F.java; ${home}/bin/java ${options} -cp . F $NAMES`,
        {
          needs: `test -e ${home}/bin/javac`,
          deb: `openjdk-${release}-jre-headless`,
          configuration,
          seconds: 60,
        },
      )
    return [
      java('', '', ''),
      java('-tls12', '-Dhttps.protocols=TLSv1.2 -Djdk.tls.client.protocols=TLSv1.2', 'TLSv1.2'),
    ]
  }),
]

const FIREFOX = {
  rfp: [{ 'privacy.resistFingerprinting': true }, ''],
  'tor-like': [
    {
      'privacy.resistFingerprinting': true,
      'security.ssl.disable_session_identifiers': true,
      'browser.privatebrowsing.autostart': true,
      'security.tls.version.min': 3,
      'network.http.http3.enable': false,
      'security.OCSP.enabled': 0,
      'security.ssl.require_safe_negotiation': true,
    },
    '',
  ],
  arkenfox: [
    {
      'security.ssl3.ecdhe_ecdsa_aes_128_sha': false,
      'security.ssl3.ecdhe_rsa_aes_128_sha': false,
      'security.ssl3.rsa_aes_128_sha': false,
      'security.ssl3.rsa_aes_256_sha': false,
      'security.tls.enable_0rtt_data': false,
      'security.pki.crlite_mode': 2,
    },
    '',
  ],
  shuffled: [
    { 'security.ssl.client.extensions.permute': true, 'security.tls.grease.enable': true },
    '',
  ],
  'no-delegated': [
    {
      'security.tls.enable_delegated_credentials': false,
      'security.tls.enable_certificate_compression_zlib': false,
      'security.tls.enable_certificate_compression_brotli': false,
      'security.tls.enable_certificate_compression_zstd': false,
    },
    '',
  ],
  'ech-off-tls12': [
    {
      'network.dns.echconfig.enabled': false,
      'security.tls.ech.grease_probability': 0,
      'security.tls.version.max': 3,
    },
    '',
  ],
  'two-shares': [
    { 'security.tls.client_hello.send_p256_keyshare': true, 'security.tls.enable_kyber': false },
    '',
  ],
  'ech-size-small': [
    { 'security.tls.ech.grease_size': 20, 'security.tls.ech.grease_probability': 100 },
    '',
  ],
}
const firefox = Object.entries(FIREFOX).map(([name, [prefs]]) => ({
  label: `firefox-sid-${name}`,
  root: ROOT,
  library: 'NSS',
  libraryVersion: 'deb:firefox',
  client: 'Firefox (headless)',
  clientVersion: 'deb:firefox',
  configuration: `preferences ${Object.entries(prefs)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')}`,
  needs: 'which firefox certutil',
  cmd: `mkdir profile; certutil -N -d sql:profile --empty-password; certutil -A -d sql:profile -n recording -t C,, -i $CA; cat > profile/user.js <<'END'\n${Object.entries(
    {
      'network.manage-offline-status': false,
      'browser.shell.checkDefaultBrowser': false,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
      'network.dns.disableIPv6': true,
      'datareporting.policy.dataSubmissionEnabled': false,
      ...prefs,
    },
  )
    .map(([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});`)
    .join(
      '\n',
    )}\nEND\ntimeout 55 firefox --headless --no-remote --profile $PWD/profile $URL & ${untilVisited(45)}`,
  expectUserAgent: 'Firefox/',
  seconds: 60,
  connections: 4,
}))

/** Brands of browsers made of Chromium, and User-Agents that settings and emulation send: honest, the stack is Chromium's. */
const AGENTS = {
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0',
  opera:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 OPR/140.0.0.0',
  vivaldi:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Vivaldi/8.1.4000.20',
  yandex:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/154.0.0.0 YaBrowser/26.10.0.0 Safari/537.36',
  webview:
    'Mozilla/5.0 (Linux; Android 15; Pixel 9 Build/AP4A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/156.0.8078.40 Mobile Safari/537.36',
  frozen:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
}
const SWITCHES =
  '--headless --no-sandbox --disable-gpu --ignore-certificate-errors --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage --user-data-dir=/tmp/profile'
const CHROMIUM = {
  ...Object.fromEntries(
    Object.entries(AGENTS).map(([name, agent]) => [`as-${name}`, `--user-agent="${agent}"`]),
  ),
  'brave-like':
    '--disable-features=EncryptedClientHello,TLSTrustAnchorIDs --disable-http2 --incognito',
  'proxy-socks': '--proxy-server=socks5://127.0.0.1:1080 --disable-quic',
}
const chromium = Object.entries(CHROMIUM)
  .filter(([name]) => name !== 'proxy-socks')
  .map(([name, switches]) => ({
    label: `chromium-sid-${name}`,
    root: ROOT,
    library: 'BoringSSL',
    libraryVersion: 'deb:chromium',
    client: 'Chromium (headless)',
    clientVersion: 'deb:chromium',
    configuration: name.startsWith('as-') ? `User-Agent as ${name.slice(3)}` : switches,
    needs: 'which chromium',
    cmd: `chromium ${SWITCHES} ${switches} --remote-debugging-port=9222 about:blank & for i in $(seq 150); do curl -s http://127.0.0.1:9222/json/version >/dev/null && break; sleep 0.1; done; curl -s -X PUT "http://127.0.0.1:9222/json/new?$URL"; ${untilVisited(25)}`,
    expectUserAgent: 'Chrome/',
    seconds: 45,
    connections: 4,
  }))

export default [...programs, ...firefox, ...chromium]

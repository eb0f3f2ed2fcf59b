// Thunderbird of several Debian suites: mail by TLS and STARTTLS, and calendars by HTTPS.

/** No page or request of its own on starting, and no dialog in the way. */
const QUIET = {
  'app.donation.eoy.version.viewed': 999,
  'app.update.enabled': false,
  'calendar.timezone.local': 'UTC',
  'datareporting.policy.dataSubmissionEnabled': false,
  'mail.accounthub.enabled': false,
  'mail.provider.suppress_dialog_on_startup': true,
  'mail.rights.version': 1,
  'mail.shell.checkDefaultClient': false,
  'mail.spotlight.firstRunDone': true,
  'mail.winsearch.firstRunDone': true,
  'mailnews.start_page.enabled': false,
  'mailnews.start_page_override.mstone': 'ignore',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disableIPv6': true,
  // loopback alone counts as offline
  'network.manage-offline-status': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
}

const TLS = 3
const STARTTLS = 2

/** An account of each host that is asked for mail on starting. */
function mail(type, port, socketType, hosts) {
  const accounts = hosts.map((host, index) => {
    const server = `mail.server.server${index + 1}`
    const account = `mail.account.account${index + 1}`
    const identity = `mail.identity.id${index + 1}`
    return {
      [`${account}.server`]: `server${index + 1}`,
      [`${account}.identities`]: `id${index + 1}`,
      [`${identity}.useremail`]: `reader@${host}`,
      [`${identity}.valid`]: true,
      [`${server}.type`]: type,
      [`${server}.hostname`]: host,
      [`${server}.port`]: port,
      [`${server}.socketType`]: socketType,
      [`${server}.userName`]: 'reader',
      [`${server}.name`]: host,
      [`${server}.login_at_startup`]: true,
      [`${server}.check_new_mail`]: true,
    }
  })
  return Object.assign(
    { 'mail.accountmanager.accounts': hosts.map((_, index) => `account${index + 1}`).join(',') },
    ...accounts,
  )
}

/** A calendar on each host. */
function calendars(hosts) {
  return Object.assign(
    {},
    ...hosts.map((host, index) => ({
      [`calendar.registry.calendar${index + 1}.type`]: 'ics',
      [`calendar.registry.calendar${index + 1}.name`]: host,
      [`calendar.registry.calendar${index + 1}.uri`]: `https://${host}/0`,
      [`calendar.registry.calendar${index + 1}.readOnly`]: true,
    })),
  )
}

const HOSTS = ['www.alpha.test', 'b.test', 'static.long-name.example-shop.test']
const NO_HYBRID = { 'security.tls.enable_kyber': false }
const TLS12_MAX = { 'security.tls.version.max': 3 }

/** Configurations: preferences, and what to write of them. */
const CONFIGURATIONS = {
  imaps: [mail('imap', 993, TLS, HOSTS), 'IMAP by TLS'],
  'imap-starttls': [mail('imap', 143, STARTTLS, HOSTS), 'IMAP by STARTTLS'],
  pop3s: [mail('pop3', 995, TLS, HOSTS), 'POP3 by TLS'],
  calendar: [calendars(HOSTS), 'calendars by HTTPS'],
  'calendar-no-hybrid': [
    { ...calendars(HOSTS), ...NO_HYBRID },
    'calendars by HTTPS, preferences security.tls.enable_kyber=false',
  ],
  'calendar-tls12max': [
    { ...calendars(HOSTS), ...TLS12_MAX },
    'calendars by HTTPS, preferences security.tls.version.max=3',
  ],
  'imaps-tls12max': [
    { ...mail('imap', 993, TLS, HOSTS), ...TLS12_MAX },
    'IMAP by TLS, preferences security.tls.version.max=3',
  ],
  'imaps-no-hybrid': [
    { ...mail('imap', 993, TLS, HOSTS), ...NO_HYBRID },
    'IMAP by TLS, preferences security.tls.enable_kyber=false',
  ],
}

function command(prefs) {
  const lines = Object.entries({ ...QUIET, ...prefs }).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
  )
  const profile = `mkdir profile; certutil -N -d sql:profile --empty-password; certutil -A -d sql:profile -n recording -t C,, -i $CA; cat > profile/user.js <<'END'\n${lines.join('\n')}\nEND\n`
  const until = `for i in $(seq 110); do [ "$(grep -c '"event":"handshake"' $LOG)" -ge ${HOSTS.length} ] && break; sleep 0.5; done; sleep 1.5`
  return `${profile}timeout 60 thunderbird --headless --no-remote --profile $PWD/profile & ${until}`
}

// Thunderbird has the NSS of the Firefox that it is built from, whose version is its own.
const VERSION = "run:dpkg-query -W -f '${Version}' thunderbird | sed 's/^1://'"

export default ['trixie', 'sid'].flatMap((root) =>
  Object.entries(CONFIGURATIONS).map(([name, [prefs, says]]) => ({
    label: `thunderbird-${root}-${name}`,
    root,
    library: 'NSS',
    libraryVersion: VERSION,
    client: 'Thunderbird (headless)',
    clientVersion: VERSION,
    configuration: says,
    needs: 'which thunderbird certutil',
    cmd: command(prefs),
    seconds: 65,
  })),
)

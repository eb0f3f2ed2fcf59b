// ExtensionType values (IANA TLS ExtensionType Values) this room reads by meaning.

export const SERVER_NAME = 0
export const MAX_FRAGMENT_LENGTH = 1
export const TRUNCATED_HMAC = 4
export const STATUS_REQUEST = 5
export const SUPPORTED_GROUPS = 10
export const EC_POINT_FORMATS = 11
export const SIGNATURE_ALGORITHMS = 13
export const USE_SRTP = 14
export const HEARTBEAT = 15
export const ALPN = 16
export const SIGNED_CERTIFICATE_TIMESTAMP = 18
export const CLIENT_CERTIFICATE_TYPE = 19
export const SERVER_CERTIFICATE_TYPE = 20
export const PADDING = 21
export const ENCRYPT_THEN_MAC = 22
export const EXTENDED_MASTER_SECRET = 23
export const TOKEN_BINDING = 24
export const COMPRESS_CERTIFICATE = 27
export const RECORD_SIZE_LIMIT = 28
export const DELEGATED_CREDENTIAL = 34
export const SESSION_TICKET = 35
/** key_share of TLS 1.3 drafts before 23. */
export const KEY_SHARE_DRAFT = 40
export const PRE_SHARED_KEY = 41
export const EARLY_DATA = 42
export const SUPPORTED_VERSIONS = 43
export const COOKIE = 44
export const PSK_KEY_EXCHANGE_MODES = 45
export const CERTIFICATE_AUTHORITIES = 47
export const POST_HANDSHAKE_AUTH = 49
export const SIGNATURE_ALGORITHMS_CERT = 50
export const KEY_SHARE = 51
export const CONNECTION_ID = 54
export const QUIC_TRANSPORT_PARAMETERS = 57
export const TICKET_REQUEST = 58
/** Next Protocol Negotiation, draft-agl-tls-nextprotoneg. */
export const NEXT_PROTOCOL_NEGOTIATION = 13172
/** ALPS, draft-vvv-tls-alps, as Chromium sent it up to 131. */
export const APPLICATION_SETTINGS_OLD = 17513
/** ALPS, draft-vvv-tls-alps. */
export const APPLICATION_SETTINGS = 17613
export const CHANNEL_ID_OLD = 30031
export const CHANNEL_ID = 30032
/** draft-ietf-tls-trust-anchor-ids, as Chromium sends it. */
export const TRUST_ANCHORS = 51764
export const ENCRYPTED_CLIENT_HELLO = 65037
export const RENEGOTIATION_INFO = 65281
/** quic_transport_parameters of QUIC drafts before 33. */
export const QUIC_TRANSPORT_PARAMETERS_DRAFT = 65445
/** ESNI, draft-ietf-tls-esni before 07. */
export const ENCRYPTED_SERVER_NAME = 65486

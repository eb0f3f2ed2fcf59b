// Which decoder reads the body of which extension of a ClientHello.

import * as type from '../extension-type.js'
import type { DecodeBody } from './body.js'
import { emptyBody } from './body.js'
import { certificateTypes, compressCertificate } from './certificates.js'
import { maxFragmentLength, serverNames, statusRequest } from './rfc6066.js'
import { protocolNames } from './rfc7301.js'
import { keyShares, offeredPsks } from './rfc8446-keys.js'
import {
  certificateAuthorities,
  cookieLength,
  ecPointFormats,
  pskKeyExchangeModes,
  signatureSchemes,
  supportedGroups,
  supportedVersions,
} from './rfc8446-lists.js'
import { quicTransportParameters } from './rfc9000.js'
import { encryptedClientHello } from './rfc9849.js'
import * as sizes from './sizes.js'
import { trustAnchors } from './trust-anchors.js'

/** Decoders by extension type. A type without a decoder is listed by id, name and length. */
export const DECODERS: ReadonlyMap<number, DecodeBody> = new Map<number, DecodeBody>([
  [type.SERVER_NAME, serverNames],
  [type.MAX_FRAGMENT_LENGTH, maxFragmentLength],
  [type.TRUNCATED_HMAC, emptyBody],
  [type.STATUS_REQUEST, statusRequest],
  [type.SUPPORTED_GROUPS, supportedGroups],
  [type.EC_POINT_FORMATS, ecPointFormats],
  [type.SIGNATURE_ALGORITHMS, signatureSchemes],
  [type.USE_SRTP, sizes.useSrtp],
  [type.HEARTBEAT, sizes.heartbeat],
  [type.ALPN, protocolNames],
  [type.SIGNED_CERTIFICATE_TIMESTAMP, emptyBody],
  [type.CLIENT_CERTIFICATE_TYPE, certificateTypes],
  [type.SERVER_CERTIFICATE_TYPE, certificateTypes],
  [type.PADDING, sizes.padding],
  [type.ENCRYPT_THEN_MAC, emptyBody],
  [type.EXTENDED_MASTER_SECRET, emptyBody],
  [type.TOKEN_BINDING, sizes.tokenBinding],
  [type.COMPRESS_CERTIFICATE, compressCertificate],
  [type.RECORD_SIZE_LIMIT, sizes.recordSizeLimit],
  [type.DELEGATED_CREDENTIAL, signatureSchemes],
  [type.SESSION_TICKET, sizes.sessionTicket],
  [type.KEY_SHARE_DRAFT, keyShares],
  [type.PRE_SHARED_KEY, offeredPsks],
  [type.EARLY_DATA, emptyBody],
  [type.SUPPORTED_VERSIONS, supportedVersions],
  [type.COOKIE, cookieLength],
  [type.PSK_KEY_EXCHANGE_MODES, pskKeyExchangeModes],
  [type.CERTIFICATE_AUTHORITIES, certificateAuthorities],
  [type.POST_HANDSHAKE_AUTH, emptyBody],
  [type.SIGNATURE_ALGORITHMS_CERT, signatureSchemes],
  [type.KEY_SHARE, keyShares],
  [type.CONNECTION_ID, sizes.connectionId],
  [type.QUIC_TRANSPORT_PARAMETERS, quicTransportParameters],
  [type.TICKET_REQUEST, sizes.ticketRequest],
  [type.NEXT_PROTOCOL_NEGOTIATION, emptyBody],
  [type.APPLICATION_SETTINGS_OLD, protocolNames],
  [type.APPLICATION_SETTINGS, protocolNames],
  [type.CHANNEL_ID_OLD, emptyBody],
  [type.CHANNEL_ID, emptyBody],
  [type.TRUST_ANCHORS, trustAnchors],
  [type.ENCRYPTED_CLIENT_HELLO, encryptedClientHello],
  [type.RENEGOTIATION_INFO, sizes.renegotiationInfo],
])

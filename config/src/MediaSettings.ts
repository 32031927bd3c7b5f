/** Where pictures are kept, and how large they may be. */
import { boolean, integer, oneOf, secret, text, url } from "./Setting.ts"

const word = (name: string, doc: string, fallback = "") =>
  text(name, {
    fallback,
    doc,
    allowed: "up to 255 letters, digits, dots, hyphens, underscores and plus or equals signs",
    pattern: /^[A-Za-z0-9._+=-]+$/,
    lengthMax: 255
  })

export const media = {
  mediaStore: oneOf("MEDIA_STORE", ["folder", "s3"], {
    fallback: "folder",
    doc: "Where pictures are kept: a folder, which all members of a cluster must share, or a bucket of a store that speaks S3"
  }),
  mediaFolder: text("MEDIA_FOLDER", {
    fallback: "",
    doc: "The folder; `media` in DATA_DIR if left out",
    allowed: "a path of at most 4096 characters",
    pattern: /^[^\0]+$/,
    lengthMax: 4_096
  }),
  mediaBaseUrl: url("MEDIA_BASE_URL", ["http:", "https:"], {
    example: "https://media.example.org",
    doc: "What addresses of pictures begin with: a CDN before PUBLIC_URL/media or before the bucket; PUBLIC_URL/media if left out"
  }),
  mediaMaxBytes: integer("MEDIA_MAX_BYTES", 65_536, 67_108_864, { fallback: 16_777_216, doc: "Bytes of a picture that is sent, at most" }),
  s3Endpoint: url("S3_ENDPOINT", ["http:", "https:"], {
    example: "https://s3.example.org",
    doc: "The store's address, without the bucket; Amazon's of the region if left out"
  }),
  s3Bucket: word("S3_BUCKET", "The bucket; it must exist"),
  s3Region: word("S3_REGION", "The region that requests are signed for", "us-east-1"),
  s3AccessKeyId: word("S3_ACCESS_KEY_ID", "Whose requests they are: may get, put and delete objects"),
  s3SecretAccessKey: secret("S3_SECRET_ACCESS_KEY", "The secret of that key"),
  s3PathStyle: boolean("S3_PATH_STYLE", {
    fallback: false,
    doc: "Whether the bucket stands in the path of an address instead of its host's name, as with most stores of one's own"
  })
}

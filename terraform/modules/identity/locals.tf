locals {
  roles = toset(["serving", "worker", "release", "retrain"])

  read  = "Storage Blob Data Reader"
  write = "Storage Blob Data Contributor"

  # Who may do what in the store: the whole table. `add` creates and never overwrites, reads or deletes.
  store_rights = {
    serving-registry = { role = "serving", area = "registry", right = local.read }
    serving-control  = { role = "serving", area = "control", right = local.read }
    serving-records  = { role = "serving", area = "records", right = "add" }

    worker-registry = { role = "worker", area = "registry", right = local.read }
    worker-control  = { role = "worker", area = "control", right = local.write }
    worker-records  = { role = "worker", area = "records", right = local.write }
    worker-reports  = { role = "worker", area = "reports", right = local.write }

    release-registry = { role = "release", area = "registry", right = local.read }
    release-control  = { role = "release", area = "control", right = local.write }
    release-reports  = { role = "release", area = "reports", right = local.read }

    retrain-registry = { role = "retrain", area = "registry", right = local.write }
    retrain-control  = { role = "retrain", area = "control", right = local.write }
    retrain-records  = { role = "retrain", area = "records", right = local.read }
  }

  signers = {
    retrain-registration = { role = "retrain", key = "registration" }
    release-admission    = { role = "release", key = "admission" }
  }

  readers = merge([
    for secret, roles in var.secret_readers : { for role in roles : "${role}-${secret}" => { role = role, secret = secret } }
  ]...)

  blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"

  # Machines tell what they measured and what they do in `control/measurements/…` and `control/machines/…`, and may write
  # nowhere else there.
  only_measurements = <<-TEXT
    (
      (
        !(ActionMatches{'${local.blobs}/write'})
        AND !(ActionMatches{'${local.blobs}/add/action'})
      )
      OR
      (
        @Resource[${local.blobs}:path] StringLike 'measurements/*'
        OR
        @Resource[${local.blobs}:path] StringLike 'machines/*'
      )
    )
  TEXT
}

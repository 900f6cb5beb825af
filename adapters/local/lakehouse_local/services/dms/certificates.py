"""Certificates of authorities, by which endpoints know their servers."""

import time

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from lakehouse_local.services.dms.common import (
    Answer,
    Request,
    exists,
    filtered,
    find,
    identifier,
    invalid,
    paged,
    present,
    wrong_state,
)
from lakehouse_local.services.dms.tags import Registry
from lakehouse_local.services.service import AwsError, Operation


class Certificates:
    """Certificates by address."""

    def __init__(self, registry: Registry) -> None:
        self._certificates = registry.state.collection("dms.certificate")
        self._endpoints = registry.state.collection("dms.endpoint")
        self._arns = registry.arns
        self._tags = registry.tags

    @property
    def operations(self) -> dict[str, Operation]:
        """By name."""
        return {
            "ImportCertificate": self._import,
            "DescribeCertificates": self._describe,
            "DeleteCertificate": self._delete,
        }

    def pem(self, arn: str) -> str:
        """The certificate's text; ResourceNotFoundFault."""
        return str(find(self._certificates, arn, "Certificate")["CertificatePem"])

    def _import(self, request: Request) -> Answer:
        name = identifier(request["CertificateIdentifier"], "CertificateIdentifier")
        if any(known["CertificateIdentifier"] == name for known in self._certificates.values()):
            raise exists(f"The certificate {name} already exists.")
        if "CertificateWallet" in request:
            raise invalid("CertificateWallet is not done here: it is Oracle's; CertificatePem is")
        try:
            found = x509.load_pem_x509_certificate(request.get("CertificatePem", "").encode())
        except ValueError as problem:
            raise AwsError("InvalidCertificateFault", f"The certificate is not valid: {problem}") from None
        key = found.public_key()
        arn = self._arns.arn("cert")
        certificate = {
            "CertificateIdentifier": name,
            "CertificateCreationDate": time.time(),
            "CertificatePem": request["CertificatePem"],
            "CertificateArn": arn,
            "CertificateOwner": self._arns.account,
            "ValidFromDate": found.not_valid_before_utc.timestamp(),
            "ValidToDate": found.not_valid_after_utc.timestamp(),
            "SigningAlgorithm": found.signature_algorithm_oid._name,  # noqa: SLF001 - the library's only name for it
            **({"KeyLength": key.key_size} if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) else {}),
            **present(request, ("KmsKeyId",)),
        }
        self._certificates.put(arn, certificate)
        self._tags.set(arn, request)
        return {"Certificate": certificate}

    def _describe(self, request: Request) -> Answer:
        getters = {
            "certificate-arn": lambda found: found["CertificateArn"],
            "certificate-id": lambda found: found["CertificateIdentifier"],
        }
        found = filtered(self._certificates.values(), request, getters, "Certificates")
        return paged("Certificates", found, request)

    def _delete(self, request: Request) -> Answer:
        certificate = find(self._certificates, request["CertificateArn"], "Certificate")
        arn = certificate["CertificateArn"]
        if users := [e["EndpointIdentifier"] for e in self._endpoints.values() if e.get("CertificateArn") == arn]:
            raise wrong_state(f"Certificate {certificate['CertificateIdentifier']} is in use by {', '.join(users)}.")
        self._certificates.delete(arn)
        self._tags.forget(arn)
        return {"Certificate": certificate}

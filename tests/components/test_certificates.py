"""The private authority vouches for what it signed and for nothing else."""

import ipaddress

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from components.local import certificates
from components.local.certificates import Pair


def verified(authority: Pair, certificate: Pair, name: x509.verification.Subject) -> None:
    store = Store([x509.load_pem_x509_certificate(authority.certificate.encode())])
    leaf = x509.load_pem_x509_certificate(certificate.certificate.encode())
    PolicyBuilder().store(store).build_server_verifier(name).verify(leaf, [])


@pytest.fixture(scope="module")
def authority() -> Pair:
    return certificates.make_authority("test")


def test_a_certificate_is_valid_for_its_names_and_addresses(authority: Pair) -> None:
    pair = certificates.make_certificate(authority, ["engine.example.internal", "127.0.0.1"])
    verified(authority, pair, x509.DNSName("engine.example.internal"))
    verified(authority, pair, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


def test_a_certificate_is_not_valid_for_another_name(authority: Pair) -> None:
    pair = certificates.make_certificate(authority, ["engine.example.internal"])
    with pytest.raises(VerificationError):
        verified(authority, pair, x509.DNSName("other.example.internal"))


def test_another_authority_does_not_vouch_for_it(authority: Pair) -> None:
    pair = certificates.make_certificate(authority, ["engine.example.internal"])
    with pytest.raises(VerificationError):
        verified(certificates.make_authority("stranger"), pair, x509.DNSName("engine.example.internal"))


def test_a_certificate_lives_no_longer_than_clients_accept(authority: Pair) -> None:
    pair = certificates.make_certificate(authority, ["localhost"])
    assert certificates.RENEW_DAYS < certificates.days_left(pair.certificate) < 398


def test_a_signed_certificate_cannot_sign(authority: Pair) -> None:
    leaf = x509.load_pem_x509_certificate(certificates.make_certificate(authority, ["localhost"]).certificate.encode())
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca

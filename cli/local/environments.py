"""The environments of the programs a local stack starts: none can reach a real AWS account.

Credentials are the emulator's `test`/`test`, the endpoint is loopback, and no profile or file is read.
"""

import os
from collections.abc import Mapping

from cli.local.settings import PROJECT, REGION, LocalSettings


def local_aws_environment(settings: LocalSettings) -> dict[str, str]:
    """What makes any AWS client talk to the emulator and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def server_environment(settings: LocalSettings) -> dict[str, str]:
    """Built from nothing, since every handler inherits it whole; handlers may go through a fault proxy."""
    return {
        **local_aws_environment(settings),
        "PATH": os.defpath,
        "HOME": str(settings.temporary_folder),
        "LANG": "C.UTF-8",
        "TMPDIR": str(settings.temporary_folder),
        "PYTHONUNBUFFERED": "1",
        "AWS_ENDPOINT_URL": settings.fault_proxy or settings.endpoint_url,
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "GATEWAY_PORT": str(settings.port),
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": "unix:///nonexistent.sock",  # never a container engine, even where one runs
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "0",
        "AUTH": "true" if settings.auth else "false",
    }


def deploy_environment(settings: LocalSettings, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For SAM CLI: the person's own (`sam build` needs their package index) without anything of AWS."""
    kept = {name: value for name, value in inherited.items() if not name.startswith("AWS_")}
    tools = PROJECT / ".venv-sam" / "bin"
    return {
        **kept,
        **local_aws_environment(settings),
        "PATH": f"{tools}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "SAM_CLI_TELEMETRY": "0",
    }

"""An SSH server for the provisioners of a guide: ssh_server.py PASSWORD HOME

Accepts any user with this password, and runs commands with this home folder. Prints its port.
"""

import asyncio
import os
import shlex
import sys

import asyncssh

password, home = sys.argv[1:]


class Server(asyncssh.SSHServer):
    def password_auth_supported(self):
        return True

    def validate_password(self, username, given):
        return given == password


async def receive(process, folder):
    """Receives one file, as `scp -t FOLDER` does."""
    process.stdout.write(b"\0")
    header = (await process.stdin.readline()).decode()
    _, size, name = header.split()
    process.stdout.write(b"\0")
    content = await process.stdin.readexactly(int(size))
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)
    process.stdout.write(b"\0")
    process.exit(0)


async def run(process):
    program, *arguments = shlex.split(process.command)
    if program == "scp":
        return await receive(process, arguments[-1])
    child = await asyncio.create_subprocess_shell(
        process.command,
        cwd=home,
        env={"HOME": home, "PATH": os.environ["PATH"]},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    process.stdout.write(output)
    process.exit(child.returncode)


async def main():
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Server,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        process_factory=run,
        allow_scp=False,
        encoding=None,
    )
    print(server.get_port(), flush=True)
    await server.wait_closed()


asyncio.run(main())

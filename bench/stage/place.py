"""Where a benchmark finds its programs and leaves its files, and the words that every benchmark understands."""

import argparse
import os
import shutil

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Place:
    def __init__(self, name, options):
        self.kedge = os.path.abspath(options.kedge)
        self.programs = os.path.abspath(options.programs)
        self.kafka = options.kafka
        self.directory = os.path.join(os.path.abspath(options.directory), name)
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)

    def program(self, name):
        return os.path.join(self.programs, name)

    def log(self, name):
        return os.path.join(self.directory, name + ".log")

    def folder(self, name):
        """Empty."""
        path = os.path.join(self.directory, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = os.path.join(ROOT, "build")
    parser.add_argument("--kedge", default=os.path.join(build, "kedge"), help="the binary that is measured")
    parser.add_argument("--programs", default=os.path.join(build, "release", "bench"),
                        help="the folder of bench_produce and bench_bare_consumer")
    parser.add_argument("--kafka", default="3.9.2", help="the version of Apache Kafka")
    parser.add_argument("--directory", default=os.path.join(build, "bench"), help="where files are left")
    return parser

"""The shipped homework `rnn_abacad`, built once."""

from tests.homework.fixtures import fixtures_of

assignment, published, key, handed_out, right = fixtures_of("rnn_abacad")

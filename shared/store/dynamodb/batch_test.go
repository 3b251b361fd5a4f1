package dynamodb

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
)

// TestBatchAsksForWhatIsLeftOver: a peer answers one key of a batch at a time, and at times none.
func TestBatchAsksForWhatIsLeftOver(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			RequestItems map[string]struct{ Keys []map[string]any }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		keys := in.RequestItems["table"].Keys
		answered := requests % 2
		requests++
		out := map[string]any{"Responses": map[string]any{"table": keys[:answered]}}
		if rest := keys[answered:]; len(rest) > 0 {
			out["UnprocessedKeys"] = map[string]any{"table": map[string]any{"Keys": rest}}
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	store := New(dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		BaseEndpoint: &server.URL, HTTPClient: &http.Client{Transport: transport},
	}), "table")
	items, err := store.batch(t.Context(), kindHub, []string{"a", "b", "c"}, consistently)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"HUB#a", "HUB#b", "HUB#c", "6 requests"}, []string{
		stringOf(items["a"][PartitionKey]), stringOf(items["b"][PartitionKey]), stringOf(items["c"][PartitionKey]), fmt.Sprint(requests, " requests"),
	}); diff != "" {
		t.Error(diff)
	}
}

package words

// Fleets are the words of reports about several clusters.
type Fleets struct {
	Clusters, ClusterHead, FullestHead, FillsNextHead, HoursHead, NodesHead string

	ClusterCount  Counted
	ShownClusters string // 1 how many match, 2 of how many
	OfNodes       string // 1 measured, 2 of all nodes
	InClusters    string // 1 in how many, 2 of how many
	ClustersAre   string // 1 how many, 2 a verdict
	ClustersCalm  string // 1 "12 clusters"
	ClustersWorst string // 1 "12 clusters", 2 how many of them are how, 3 the worst, 4 its headline
	BlindSince    string // 1 a time
	// 1 what, 2 in how many, 3 of how many, 4 their names
	MissingInClusters string
	FilterClusters    string
	PartMissing       string
	PartDamaged       string
	PartForeign       string
	PartNewer         string // 1 a version
	PartUnread        string
	PartOtherConfig   string
	HoursOf           string // 1 a cluster
}

var englishFleets = Fleets{
	Clusters: "Clusters", ClusterHead: "Cluster", FullestHead: "Fullest node",
	FillsNextHead: "Fills next", HoursHead: "Hour by hour", NodesHead: "Nodes",
	ClusterCount: Counted{"%s cluster", "%s clusters"}, ShownClusters: "%[1]s of %[2]s clusters",
	OfNodes: "%[1]s of %[2]s", InClusters: ", in %[1]s of %[2]s clusters",
	ClustersAre: "%[1]s %[2]s", ClustersCalm: "All of %[1]s are OK.",
	ClustersWorst: "Of %[1]s: %[2]s. Worst %[3]s: %[4]s", BlindSince: " (no data since %[1]s)",
	MissingInClusters: "%[1]s is missing in %[2]s of %[3]s clusters: %[4]s",
	FilterClusters:    "Filter by cluster, label, node or name",
	PartMissing: "its run did not report in time; look at its log, or run it again with " +
		"promsnap fleet map",
	PartDamaged: "its part cannot be read; run the cluster again with promsnap fleet map",
	PartForeign: "its part belongs to another cluster, report or time; check that no two " +
		"fleets share a fleet.store",
	PartNewer: "promsnap %[1]s wrote its part, and this one is older; update it",
	PartUnread: "fleet.store did not give its part; check that promsnap can reach and read it, " +
		"and run promsnap fleet reduce again",
	PartOtherConfig: "it ran with another configuration than the plan",
	HoursOf:         "%[1]s, hour by hour",
}

var koreanFleets = Fleets{
	Clusters: "클러스터", ClusterHead: "클러스터", FullestHead: "가장 찬 노드",
	FillsNextHead: "다음 도달", HoursHead: "시간별", NodesHead: "노드",
	ClusterCount:  always("클러스터 %s개"),
	ShownClusters: "클러스터 %[2]s개 중 %[1]s개", OfNodes: "%[2]s개 중 %[1]s개",
	InClusters: ", 클러스터 %[2]s개 중 %[1]s개", ClustersAre: "%[2]s %[1]s개",
	ClustersCalm:  "%[1]s 모두 정상입니다.",
	ClustersWorst: "%[1]s: %[2]s. 가장 심각한 %[3]s: %[4]s", BlindSince: " (%[1]s부터 데이터 없음)",
	MissingInClusters: "클러스터 %[3]s개 중 %[2]s개에 %[1]s 없음: %[4]s",
	FilterClusters:    "클러스터, 레이블, 노드, 이름으로 찾기",
	PartMissing: "제시간에 결과를 보내지 않았습니다. 로그를 보거나 promsnap fleet map으로 다시 " +
		"실행하세요",
	PartDamaged: "결과를 읽을 수 없습니다. promsnap fleet map으로 다시 실행하세요",
	PartForeign: "결과가 다른 클러스터, 리포트 또는 시각의 것입니다. 두 플릿이 같은 fleet.store를 " +
		"쓰는지 확인하세요",
	PartNewer: "promsnap %[1]s이(가) 결과를 썼고 이 버전은 더 오래되었습니다. 업데이트하세요",
	PartUnread: "fleet.store에서 결과를 받지 못했습니다. 연결과 읽기 권한을 확인하고 promsnap fleet " +
		"reduce를 다시 실행하세요",
	PartOtherConfig: "계획과 다른 설정으로 실행되었습니다",
	HoursOf:         "%[1]s, 시간별",
}
